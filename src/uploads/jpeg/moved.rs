//! Turns a JPEG without decoding it to pixels: its blocks change places, their coefficients change
//! signs and places, and nothing is lost.

use crate::uploads::orientation::Orientation;

use super::bits::BitWriter;
use super::frame::Frame;
use super::huffman::ShortestCode;
use super::scan::{Block, Part, Scan};
use super::tables::{Steps, ZIGZAG};

/// Whether a picture can be turned so: where it is mirrored it must end with a whole unit, because
/// its border would come to lie inside.
pub(super) fn fits(frame: &Frame, turn: Orientation) -> bool {
    let (across, down) = if frame.components.len() == 1 { (1, 1) } else { frame.sampling() };
    let (mirrors_x, mirrors_y) = turn.mirrors_stored();
    (!mirrors_x || frame.width.is_multiple_of(8 * across))
        && (!mirrors_y || frame.height.is_multiple_of(8 * down))
}

/// All blocks of a picture, each turned, in the places where they were.
pub(super) struct Moved<'a, 'b> {
    scan: &'b Scan<'a>,
    turn: Orientation,
    /// Where each coefficient goes, in the order of the file, and its sign there.
    ways: [(usize, i16); 64],
    /// The blocks of each part.
    blocks: Vec<Vec<Block>>,
    /// Their first coefficients once more: close together, because they are walked over by column.
    firsts: Vec<Vec<i16>>,
    counts: [Counts; 2],
}

/// How often each symbol comes: of first coefficients, and of the others.
#[derive(Clone, Copy)]
struct Counts {
    first: [u32; 256],
    others: [u32; 256],
}

/// The codes of one of the two sets that a baseline JPEG may have.
struct Codes {
    first: ShortestCode,
    others: ShortestCode,
}

impl<'a, 'b> Moved<'a, 'b> {
    pub fn new(scan: &'b Scan<'a>, turn: Orientation) -> Self {
        let sizes =
            scan.parts.iter().map(|part| scan.units.0 * scan.units.1 * part.across * part.down);
        let blocks = sizes.clone().map(Vec::with_capacity).collect();
        let firsts = sizes.map(Vec::with_capacity).collect();
        let counts = [Counts { first: [0; 256], others: [0; 256] }; 2];
        Self { scan, turn, ways: ways(turn), blocks, firsts, counts }
    }

    /// Takes the next row of units.
    pub fn push(&mut self, rows: &[Vec<Block>]) {
        for (place, row) in rows.iter().enumerate() {
            let counts = &mut self.counts[set(place, rows.len())].others;
            for block in row {
                let turned = turned(&self.ways, block);
                others(&turned, |symbol, _, _| counts[usize::from(symbol)] += 1);
                self.firsts[place].push(turned.values[0]);
                self.blocks[place].push(turned);
            }
        }
    }

    /// Writes tables, frame and scan behind what the file has already, and its end.
    pub fn write(mut self, frame: &Frame, file: &mut Vec<u8>) {
        let codes = self.codes();
        self.headers(frame, &codes, file);
        let mut writer = BitWriter::new(std::mem::take(file));
        let mut put = |code: &ShortestCode, symbol: u8, value: u32, bits: u32| {
            let (length, code) = code.of(symbol);
            writer.write(u32::from(code) << bits | value, u32::from(length) + bits);
        };
        self.each(|set, block, step| {
            let (value, bits) = written(step);
            put(&codes[set].first, bits as u8, value, bits);
            others(block, |symbol, value, bits| put(&codes[set].others, symbol, value, bits));
        });
        *file = writer.finish();
        file.extend([0xFF, 0xD9]);
    }

    fn codes(&mut self) -> [Codes; 2] {
        let mut counts = self.counts;
        self.each(|set, _, step| counts[set].first[written(step).1 as usize] += 1);
        counts.map(|counts| Codes {
            first: ShortestCode::new(&counts.first),
            others: ShortestCode::new(&counts.others),
        })
    }

    /// Hands out, in the order of the file: which set of codes, the block, and by how much its first
    /// coefficient differs from the one before.
    fn each(&self, mut out: impl FnMut(usize, &Block, i16)) {
        let (wide, high) = self.turn.size(self.scan.units.0, self.scan.units.1);
        let mut last = vec![0i16; self.scan.parts.len()];
        for y in 0..high {
            for x in 0..wide {
                for (place, part) in self.scan.parts.iter().enumerate() {
                    let (across, down) = self.turn.size(part.across, part.down);
                    for (dy, dx) in (0..down).flat_map(|dy| (0..across).map(move |dx| (dy, dx))) {
                        let index = self.index(part, x * across + dx, y * down + dy);
                        let first = self.firsts[place][index];
                        out(
                            set(place, last.len()),
                            &self.blocks[place][index],
                            first - last[place],
                        );
                        last[place] = first;
                    }
                }
            }
        }
    }

    /// Where the block lies that is shown at `x`, `y`.
    fn index(&self, part: &Part, x: usize, y: usize) -> usize {
        let stored = (self.scan.units.0 * part.across, self.scan.units.1 * part.down);
        let (start, step) = self.turn.walk(y, stored.0, stored.1);
        start.wrapping_add_signed(step * x.cast_signed())
    }

    fn headers(&self, frame: &Frame, codes: &[Codes; 2], file: &mut Vec<u8>) {
        let (width, height) = self.turn.size(frame.width, frame.height);
        let [width, height] = [width, height].map(|side| u16::try_from(side).unwrap_or(0));
        let count = self.scan.parts.len();
        let mut sof = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes()].concat();
        let mut sos = vec![count as u8];
        sof.push(count as u8);
        for (place, part) in self.scan.parts.iter().enumerate() {
            let component = &frame.components[part.component];
            let (across, down) = self.turn.size(component.across, component.down);
            sof.extend([component.id, (across << 4 | down) as u8, place as u8]);
            sos.extend([component.id, (set(place, count) * 0x11) as u8]);
            put(file, 0xDB, &self.steps(&part.steps, place as u8));
        }
        put(file, frame.marker, &sof);
        for (set, codes) in codes.iter().enumerate().take(count) {
            put(file, 0xC4, &[&[set as u8][..], &codes.first.segment()].concat());
            put(file, 0xC4, &[&[0x10 | set as u8][..], &codes.others.segment()].concat());
        }
        put(file, 0xDA, &[&sos[..], &[0, 63, 0]].concat());
    }

    fn steps(&self, stored: &Steps, table: u8) -> Vec<u8> {
        let at = |place: usize| if self.turn.swaps() { place % 8 * 8 + place / 8 } else { place };
        let values = ZIGZAG.map(|place| stored[at(place)]);
        if values.iter().all(|value| *value < 256) {
            return [&[table][..], &values.map(|value| value as u8)].concat();
        }
        let wide: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        [&[0x10 | table][..], &wide].concat()
    }
}

/// Which set of codes a component has: brightness and black one, colours the other.
fn set(place: usize, count: usize) -> usize {
    usize::from(place == 1 || place == 2 || (place == 3 && count < 4))
}

/// A block as it is shown, in the order of the file.
#[inline]
fn turned(ways: &[(usize, i16); 64], block: &Block) -> Block {
    let mut turned = Block::EMPTY;
    for from in block.places() {
        let (to, sign) = ways[from];
        turned.put(to, block.values[from] * sign);
    }
    turned
}

/// What a turn does to the coefficients: rows and columns change places, and where the picture is
/// mirrored the odd waves change their signs.
fn ways(turn: Orientation) -> [(usize, i16); 64] {
    let (mirror_x, mirror_y) = turn.mirrors_shown();
    let mut ways = [(0, 1); 64];
    for (to, shown) in ZIGZAG.into_iter().enumerate() {
        let (x, y) = (shown % 8, shown / 8);
        let from = if turn.swaps() { x * 8 + y } else { shown };
        let negative = (mirror_x && x % 2 == 1) != (mirror_y && y % 2 == 1);
        ways[from] = (to, if negative { -1 } else { 1 });
    }
    ways
}

/// Hands out what a block's other coefficients are written as: symbol, the value behind it, its
/// bits.
#[inline]
fn others(block: &Block, mut out: impl FnMut(u8, u32, u32)) {
    let mut before = 0;
    for place in block.places().filter(|place| *place > 0) {
        let mut run = place - before - 1;
        while run > 15 {
            out(0xF0, 0, 0);
            run -= 16;
        }
        let (value, bits) = written(block.values[place]);
        out((run as u8) << 4 | bits as u8, value, bits);
        before = place;
    }
    if before < 63 {
        out(0, 0, 0);
    }
}

/// A number as JPEG writes it, and its bits.
#[inline]
fn written(number: i16) -> (u32, u32) {
    let bits = 16 - number.unsigned_abs().leading_zeros();
    let value = i32::from(number) - i32::from(number < 0);
    ((value & ((1 << bits) - 1)) as u32, bits)
}

fn put(file: &mut Vec<u8>, marker: u8, body: &[u8]) {
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    file.extend([0xFF, marker]);
    file.extend(length.to_be_bytes());
    file.extend_from_slice(body);
}
