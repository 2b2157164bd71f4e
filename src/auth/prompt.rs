//! A password from whoever sits at the command line: from the terminal, twice and without showing it,
//! or one line of standard input, so that scripts can say it without it standing among the arguments.

use std::fmt;
use std::io::{self, IsTerminal, Read};

use zeroize::Zeroizing;

use super::password::Password;
use super::unfit::Unfit;
use crate::model::Nick;

/// The longest line that is read, in bytes, its end included.
const LINE_BYTES: usize = 4096;

/// Why there is no password.
#[derive(Debug)]
pub enum NoPassword {
    /// It was said twice, and not the same.
    Differ,
    /// It cannot be one.
    Unfit(Unfit),
    /// There was nothing to read, or it cannot be read.
    Unread(io::Error),
}

impl fmt::Display for NoPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differ => f.write_str("The two passwords are not the same."),
            Self::Unfit(unfit) => unfit.fmt(f),
            Self::Unread(error) => write!(f, "The password cannot be read: {error}."),
        }
    }
}

impl std::error::Error for NoPassword {}

/// Asks for a new password of `owner`.
///
/// # Errors
/// Why there is none.
pub fn ask(owner: &Nick) -> Result<Password, NoPassword> {
    let said = if io::stdin().is_terminal() {
        twice(owner, |question| rpassword::prompt_password(question).map(Zeroizing::new))?
    } else {
        line(io::stdin().lock()).map_err(NoPassword::Unread)?
    };
    Password::parse(&said, owner).map_err(NoPassword::Unfit)
}

fn twice(
    owner: &Nick,
    mut ask: impl FnMut(String) -> io::Result<Zeroizing<String>>,
) -> Result<Zeroizing<String>, NoPassword> {
    let first = ask(format!("A password for {owner}: ")).map_err(NoPassword::Unread)?;
    // What cannot be one need not be typed twice.
    Password::parse(&first, owner).map_err(NoPassword::Unfit)?;
    let second = ask("The same again: ".to_owned()).map_err(NoPassword::Unread)?;
    if first == second { Ok(first) } else { Err(NoPassword::Differ) }
}

/// The first line, without its end.
fn line(mut input: impl Read) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(vec![0; LINE_BYTES]);
    let mut length = 0;
    let end = loop {
        let read = match input.read(&mut bytes[length..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let new = length..length + read;
        if let Some(at) = bytes[new.clone()].iter().position(|byte| *byte == b'\n') {
            break length + at;
        }
        length = new.end;
        match read {
            0 if length == LINE_BYTES => return Err(unreadable("the line is too long")),
            0 if length == 0 => return Err(unreadable("standard input is empty")),
            0 => break length,
            _ => {}
        }
    };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let text = std::str::from_utf8(line).map_err(|_| unreadable("it is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn unreadable(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    fn read(input: &[u8]) -> Result<String, String> {
        let (whole, slow) = (line(input), line(Slow(input)));
        let told = |read: io::Result<Zeroizing<String>>| {
            read.map(|text| text.to_string()).map_err(|error| error.to_string())
        };
        let (whole, slow) = (told(whole), told(slow));
        assert_eq!(whole, slow);
        whole
    }

    fn said(answers: [&str; 2]) -> Result<String, NoPassword> {
        let mut answers = answers.into_iter();
        let ask = |_| Ok(Zeroizing::new(answers.next().unwrap().to_owned()));
        twice(&Nick::parse("ada").unwrap(), ask).map(|said| said.to_string())
    }

    #[test]
    fn the_first_line_is_the_password_whatever_ends_it() {
        for input in ["tr4vk9wz", "tr4vk9wz\n", "tr4vk9wz\r\n", "tr4vk9wz\nanother\n"] {
            assert_eq!(read(input.as_bytes()).as_deref(), Ok("tr4vk9wz"));
        }
        assert_eq!(read(b" tr4vk9wz \n").as_deref(), Ok(" tr4vk9wz "));
        assert_eq!(read(b"\nx").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_line_is_told() {
        assert_eq!(read(b"").unwrap_err(), "standard input is empty");
        assert_eq!(read(b"\xff\n").unwrap_err(), "it is not UTF-8");
        assert_eq!(read(&[b'x'; LINE_BYTES + 1]).unwrap_err(), "the line is too long");
        assert!(line(io::repeat(b'x')).is_err());
    }

    #[test]
    fn a_password_is_said_twice_the_same() {
        assert_eq!(said(["tr4vk9wz", "tr4vk9wz"]).unwrap(), "tr4vk9wz");
        assert!(matches!(said(["tr4vk9wz", "tr4vk9wx"]), Err(NoPassword::Differ)));
    }

    #[test]
    fn what_cannot_be_a_password_is_refused_before_it_is_typed_again() {
        let mut asked = 0;
        let said = twice(&Nick::parse("ada").unwrap(), |_| {
            asked += 1;
            Ok(Zeroizing::new("password".to_owned()))
        });
        assert!(matches!(said, Err(NoPassword::Unfit(Unfit::Common))) && asked == 1);
    }

    #[test]
    fn a_terminal_that_is_gone_is_told() {
        let gone = twice(&Nick::parse("ada").unwrap(), |_| Err(io::ErrorKind::BrokenPipe.into()));
        let sentence = gone.unwrap_err().to_string();
        assert!(sentence.starts_with("The password cannot be read: "), "{sentence}");
    }
}
