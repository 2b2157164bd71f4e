//! A page of Markdown as far as the tests need it: headings, code blocks, tables, links.

use crate::text_of;

/// One page, line by line.
pub struct Page {
    pub path: String,
    lines: Vec<String>,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The words behind the fence.
    pub info: Vec<String>,
    pub text: String,
    /// Where its fence stands, counted from 1.
    pub line: usize,
}

/// One row of a table: the cells as they are written.
pub type Row = Vec<String>;

impl Page {
    pub fn read(path: &str) -> Self {
        Self::of(path, &text_of(path))
    }

    fn of(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), lines: text.lines().map(str::to_owned).collect() }
    }

    /// Every fenced block, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (index, line) in self.lines.iter().enumerate() {
            match (line.strip_prefix("```"), open.as_mut()) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(info), None) => {
                    let info = info.split_whitespace().map(str::to_owned).collect();
                    open = Some(Block { info, text: String::new(), line: index + 1 });
                }
                (None, Some(block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a fence is left open", self.path);
        blocks
    }

    /// The lines outside of fenced blocks.
    pub fn prose(&self) -> Vec<&str> {
        let mut fenced = false;
        let outside = self.lines.iter().filter(|line| {
            let fence = line.starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        });
        outside.map(String::as_str).collect()
    }

    /// Every heading: its level and its words.
    pub fn headings(&self) -> Vec<(usize, &str)> {
        let heading = |line: &&str| line.starts_with('#');
        let parted = |line: &'_ str| line.find(' ').unwrap_or(line.len());
        let headings = self.prose().into_iter().filter(heading);
        headings.map(|line| (parted(line), line[parted(line)..].trim())).collect()
    }

    /// The prose below a heading, up to the next one.
    pub fn section(&self, heading: &str) -> Vec<&str> {
        let prose = self.prose();
        let is_it =
            |line: &&str| line.starts_with('#') && line.trim_start_matches('#').trim() == heading;
        let start = prose.iter().position(is_it);
        let start = start.unwrap_or_else(|| panic!("{}: no heading `{heading}`", self.path)) + 1;
        let below = prose[start..].iter().take_while(|line| !line.starts_with('#'));
        below.copied().collect()
    }

    /// The tables below a heading, without their head lines.
    pub fn tables(&self, heading: &str) -> Vec<Vec<Row>> {
        let mut tables: Vec<Vec<Row>> = Vec::new();
        let mut inside = false;
        for line in self.section(heading) {
            let is_row = line.starts_with('|');
            match (inside, is_row) {
                (false, true) => tables.push(Vec::new()),
                (true, true) => tables.last_mut().expect("begun above").push(cells(line)),
                (_, false) => {}
            }
            inside = is_row;
        }
        // What is left of the head is the line of dashes.
        tables.iter_mut().for_each(|table| drop(table.remove(0)));
        tables
    }

    /// The only table below a heading.
    pub fn table(&self, heading: &str) -> Vec<Row> {
        let mut tables = self.tables(heading);
        assert_eq!(tables.len(), 1, "{}: tables below `{heading}`", self.path);
        tables.remove(0)
    }

    /// Where every link and picture of the page points.
    pub fn links(&self) -> Vec<String> {
        let text = self.prose().join("\n");
        let behind = text.match_indices("](").map(|(at, mark)| &text[at + mark.len()..]);
        behind.filter_map(|rest| Some(rest.split_once(')')?.0.replace('\n', ""))).collect()
    }

    /// The anchors that a reader of this page can jump to, as GitHub makes them.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for (_, words) in self.headings() {
            let plain = slug(words);
            let again = (1..).map(|n| format!("{plain}-{n}"));
            let mut spellings = std::iter::once(plain.clone()).chain(again);
            let anchor = spellings.find(|anchor| !anchors.contains(anchor));
            anchors.extend(anchor);
        }
        anchors
    }
}

fn cells(line: &str) -> Row {
    let line = line.trim().trim_start_matches('|').trim_end_matches('|');
    // A bar inside of a cell is written with a backslash.
    let cells = line.replace("\\|", "\u{0}");
    cells.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

fn slug(words: &str) -> String {
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The words that stand in backticks.
pub fn code_words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A cell without its backticks.
pub fn plain(cell: &str) -> String {
    cell.replace('`', "")
}

/// The number that a cell begins with, as people write it: `1,000`, `64 KiB`, `4 s`.
pub fn number(cell: &str) -> Option<u64> {
    let digits: String = cell.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let rest = cell[digits.len()..].trim_start();
    let unit = match rest.split(|c: char| !c.is_alphanumeric()).next() {
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        _ => 1,
    };
    Some(digits.replace(',', "").parse::<u64>().ok()? * unit)
}

#[test]
fn a_page_comes_apart_into_headings_blocks_tables_and_links() {
    let text = "# A `b` c!\n[x](y.md#z)\n\n| a | b |\n| --- | --- |\n| `1` | x \\| y |\n\n```json x y\n{}\n```\n## A b c\n";
    let page = Page::of("test", text);
    assert_eq!(page.headings(), [(1, "A `b` c!"), (2, "A b c")]);
    assert_eq!(page.anchors(), ["a-b-c", "a-b-c-1"]);
    assert_eq!(page.table("A `b` c!"), [["`1`", "x | y"]]);
    assert_eq!(page.links(), ["y.md#z"]);
    let block = &page.blocks()[0];
    assert_eq!((block.info.len(), block.text.as_str(), block.line), (3, "{}\n", 8));
    assert_eq!(number("64 KiB of it"), Some(65_536));
    assert_eq!(number("16,384"), Some(16_384));
}
