//! One stretch of bytes in pieces, as a network delivers it: where it is cut is part of the input.

/// Takes bytes from the front of an input; what is not there is zero.
pub(super) struct Tape<'a>(pub &'a [u8]);

impl<'a> Tape<'a> {
    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The sizes of up to fifteen pieces, none of them empty.
    pub fn cuts(&mut self) -> Vec<usize> {
        let count = self.byte() % 16;
        (0..count).map(|_| usize::from(self.byte()) + 1).collect()
    }
}

/// `bytes` in pieces of these sizes, over and over; whole if there are none.
pub(super) fn pieces<'a>(mut bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in cuts.iter().cycle() {
        if bytes.len() <= *size {
            break;
        }
        let (piece, rest) = bytes.split_at(*size);
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_together_again() {
        assert_eq!(pieces(b"abcdefg", &[1, 3]), [&b"a"[..], b"bcd", b"e", b"fg"]);
        assert_eq!(pieces(b"abc", &[]), [b"abc"]);
        let mut tape = Tape(&[2, 0, 9, 7]);
        assert_eq!((tape.cuts(), tape.0), (vec![1, 10], &[7][..]));
        assert_eq!((tape.byte(), tape.byte()), (7, 0));
    }
}
