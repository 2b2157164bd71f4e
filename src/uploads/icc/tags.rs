//! The tags of a profile: which shape colours, and how long they really are.

use crate::uploads::take::Take;

/// The most tags. Profiles have about twenty.
const MAX_TAGS: usize = 100;

/// Tags that shape colours.
const KEPT: &[&[u8; 4]] = &[
    b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad",
    b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"D2B0", b"D2B1", b"D2B2", b"D2B3",
    b"B2D0", b"B2D1", b"B2D2", b"B2D3", b"gamt", b"lumi", b"cicp",
];

/// A tag as it is in the profile.
pub struct Tag<'a> {
    pub name: [u8; 4],
    pub data: &'a [u8],
}

/// All tags of a profile, each name once; nothing if one of them lies outside.
pub fn read(profile: &[u8]) -> Option<Vec<Tag<'_>>> {
    let mut take = Take::new(profile.get(128..)?);
    let mut number = || take.array().ok().map(u32::from_be_bytes).and_then(|n| n.try_into().ok());
    let count: usize = number().filter(|count| *count <= MAX_TAGS)?;
    let mut tags: Vec<Tag<'_>> = Vec::with_capacity(count);
    for _ in 0..count {
        let name = u32::try_from(number()?).ok()?.to_be_bytes();
        let (at, size) = (number()?, number()?);
        let data = profile.get(at..at.checked_add(size)?).filter(|_| at >= 132 + 12 * count)?;
        if tags.iter().all(|tag| tag.name != name) {
            tags.push(Tag { name, data });
        }
    }
    Some(tags)
}

/// The first bytes of a tag's data, which are kept.
pub fn plain(data: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut plain = data.get(..length)?.to_vec();
    // Nobody reads these.
    plain.get_mut(4..8)?.fill(0);
    Some(plain)
}

/// How long a tag's data really is, as its type says; nothing if it shapes no colours.
pub fn length(name: [u8; 4], data: &[u8]) -> Option<usize> {
    if !KEPT.contains(&&name) {
        return None;
    }
    let byte = |at: usize| data.get(at).copied().map(usize::from);
    let word = |at: usize| Some(byte(at)? << 8 | byte(at + 1)?);
    match data.get(..4)? {
        b"XYZ " => Some(20),
        b"cicp" => Some(12),
        b"sf32" => Some(8 + 36),
        b"curv" => Some(12 + 2 * (word(8)? << 16 | word(10)?)),
        b"para" => [1, 3, 4, 5, 7].get(word(8)?).map(|numbers| 12 + 4 * numbers),
        b"mft1" => Some(48 + 256 * byte(8)? + grid(data)? + 256 * byte(9)?),
        b"mft2" => {
            let (entries, exits) = (byte(8)? * word(48)?, byte(9)? * word(50)?);
            Some(52 + 2 * (entries + grid(data)? + exits))
        }
        // Their parts lie where their own tables say.
        b"mAB " | b"mBA " | b"mpet" => Some(data.len()),
        _ => None,
    }
}

/// How many numbers the table of a lookup tag has.
fn grid(data: &[u8]) -> Option<usize> {
    let [inputs, outputs, points]: [u8; 3] = data.get(8..11)?.try_into().ok()?;
    let numbers = usize::from(points).checked_pow(inputs.into())?.checked_mul(outputs.into())?;
    // Longer than any profile; what is added to it and doubles it stays a number.
    (numbers < 1 << 30).then_some(numbers)
}
