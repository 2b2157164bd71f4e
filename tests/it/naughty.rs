//! Nasty strings come through unchanged: a corpus made here, from rules and not from a list.

use std::collections::BTreeSet;

use serde_json::json;

use crate::stage::{Person, TestApp, log, texts};

/// Characters that programs stumble over, one by one.
fn characters() -> impl Iterator<Item = char> {
    let controls = (0u32..=0x20).chain(0x7f..=0xa0);
    let invisible = (0x200b..=0x200f).chain(0x2028..=0x202f).chain(0x2060..=0x206f);
    let odd = [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180e, 0x3000, 0x3164, 0xfeff, 0xffa0];
    let edges =
        [0xd7ff, 0xe000, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x1f3fb, 0xe0001, 0x10fffd, 0x10ffff];
    let reserved = (0xfdd0..=0xfddf).chain(0xfff9..=0xfffc);
    let points = controls.chain(invisible).chain(odd).chain(edges).chain(reserved);
    points.filter_map(char::from_u32)
}

/// Words of languages that machines read.
const MACHINE: [&str; 58] = [
    "undefined",
    "null",
    "nil",
    "None",
    "NaN",
    "-Infinity",
    "true",
    "0",
    "-0",
    "1e309",
    "0x0",
    "1/0",
    "1,000.00",
    "９",
    "''",
    "\"\"",
    "\\",
    "\\\\",
    "\\0",
    "\\u0000",
    "\\ud800",
    "%00",
    "%s%n%x",
    "{0}",
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7 %>",
    "$(reboot)",
    "`reboot`",
    "; reboot",
    "| reboot",
    "&& reboot",
    "../../../etc/passwd",
    "C:\\con\\aux",
    "file:///etc/hosts",
    "' OR 1=1 --",
    "1; DROP TABLE events",
    "Robert'); --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "]]>",
    "<!--",
    "--!>",
    "<![CDATA[",
    "<?xml?>",
    "&lt;&amp;&quot;",
    "&#0;",
    "{\"type\":\"send\"}",
    "\"}\n{\"",
    "data: x\n\nevent: y",
    "id: 1:2",
    "HTTP/1.1 200 OK\r\n\r\n",
    "\u{1b}[31mred\u{1b}[0m",
    "__proto__",
    "constructor.prototype",
];

/// Texts of many scripts, and of none.
const SCRIPTS: [&str; 26] = [
    "grüße aus Köln",
    "ÅÄÖ åäö",
    "Ĳsselmeer ĳ",
    "İstanbul ıssız",
    "ß ẞ",
    "ΣΊΣΥΦΟΣ ς",
    "ёлка й",
    "ქართული",
    "עִבְרִית",
    "العربية مرحبا",
    "فارسی‌نویس",
    "हिन्दी क्षि",
    "தமிழ் நு",
    "ไทยนี้นำ้",
    "ខ្មែរ",
    "မြန်မာ",
    "한국어 가각",
    "日本語テキスト",
    "漢字㐀𠀀𪛖",
    "ｆｕｌｌ ｗｉｄｔｈ",
    "𝕗𝕒𝕟𝕔𝕪 𝓉𝑒𝓍𝓉",
    "ʇxəʇ pəddılɟ",
    "①②③ ½ ⅷ",
    "ﬁ ﬂ ﬀ ﷺ",
    "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋",
    "┏━┓ ░▒▓█",
];

/// Pictographs with everything that hangs on them.
const PICTOGRAPHS: [&str; 16] = [
    "🦊",
    "👩🏽‍🚀",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "🇩🇪🇫🇷",
    "🇩",
    "❤️",
    "❤︎",
    "☝🏿",
    "1️⃣",
    "#️⃣",
    "🫠🫡🫥",
    "👍🏻👍🏼👍🏽👍🏾👍🏿",
    "🐻‍❄️",
    "🧑🏿‍🤝‍🧑🏻",
];

fn stacked() -> Vec<String> {
    let marks: String = ('\u{300}'..='\u{36f}').collect();
    let mut texts: Vec<String> =
        (1..=20).map(|n| format!("z{}", "\u{327}".repeat(n * n))).collect();
    texts.push(format!("Z{marks}algo{marks}"));
    texts.push(format!("{marks} begins with marks"));
    texts
}

fn bidirectional() -> Vec<String> {
    let signs =
        ['\u{202a}', '\u{202b}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}'];
    let open = |sign: char| [format!("{sign}left open"), format!("a{sign}b\u{202c}\u{2069}c")];
    signs.into_iter().flat_map(open).chain(["abc אבג 123 (דהו)".to_owned()]).collect()
}

fn long() -> Vec<String> {
    let mut texts: Vec<String> = [999, 1000, 1023, 1024, 1025, 2047, 2048, 3999, 4000]
        .into_iter()
        .flat_map(|length| ["x", "ä", "€", "🦊"].map(|letter| letter.repeat(length)))
        .filter(|text| text.len() < 16_000)
        .collect();
    texts.push("[".repeat(4000));
    texts.push("\"".repeat(4000));
    texts.push("\\".repeat(4000));
    texts.push("\n".repeat(2000) + ".");
    texts.push("a ".repeat(2000));
    texts
}

/// At least as many as the well-known list has, each another one, none of them empty.
fn corpus() -> Vec<String> {
    let mut texts = BTreeSet::new();
    for character in characters() {
        texts.insert(format!("a{character}b"));
        texts.insert(format!("{character}{character}."));
        if !character.is_ascii_whitespace() {
            texts.insert(character.to_string());
        }
    }
    for words in MACHINE.iter().chain(&SCRIPTS).chain(&PICTOGRAPHS) {
        texts.insert((*words).to_owned());
        texts.insert(format!("  {words}\t"));
        texts.insert(format!("{words}\r\n{words}\u{0}"));
    }
    texts.extend(stacked());
    texts.extend(bidirectional());
    texts.extend(long());
    texts.into_iter().filter(|text| !text.bytes().all(|b| b.is_ascii_whitespace())).collect()
}

async fn hears(mut listener: Person, count: usize) -> Vec<String> {
    texts(&listener.next_events(count).await)
}

#[tokio::test]
async fn more_than_485_nasty_strings_come_back_as_they_were_sent() {
    let corpus = corpus();
    assert!(corpus.len() >= 485, "{}", corpus.len());
    let mut app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let bob = app.arrive_in("lobby", "bob").await;
    let heard = tokio::spawn(hears(bob, corpus.len()));
    for text in &corpus {
        ada.say("lobby", text).await;
    }
    assert!(heard.await.expect("everything comes") == corpus, "live");
    assert!(texts(&log(&app, "lobby")) == corpus, "over HTTP, from memory or the store");
    drop(ada);
    app.restart();
    assert!(texts(&log(&app, "lobby")) == corpus, "over HTTP, from the disk");
    let mut carol = app.arrive("carol").await;
    let joined = carol.join("lobby").await;
    assert!(texts(&joined.events) == corpus[corpus.len() - joined.events.len()..], "on joining");
}

#[tokio::test]
async fn they_come_through_http_and_the_event_stream_too() {
    let app = TestApp::unhurried();
    let _ada = app.arrive_in("lobby", "ada").await;
    let mut stream = app.stream("lobby", None);
    // One of each kind: the rest goes the same way.
    let corpus: Vec<String> = corpus().into_iter().step_by(9).collect();
    for text in &corpus {
        let headers = [("content-type", "application/json")];
        let body = json!({ "text": text }).to_string();
        assert_eq!(app.post("lobby", "?nick=bob", &headers, &body).status, 201, "{text:?}");
        let told = stream.next().expect("it streams");
        assert_eq!(told.log_event().text.as_ref(), Some(text));
    }
}

#[tokio::test]
async fn texts_in_every_escape_of_json_mean_the_same() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for (escaped, text) in [
        (r"\u0061\u00e4\ud83e\udd8a", "aä🦊"),
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u0000\u001f\u007f", "\0\u{1f}\u{7f}"),
        (r"\uD83E\uDD8A", "🦊"),
    ] {
        ada.write(format!(r#"{{"type":"send","text":"{escaped}"}}"#)).await;
        assert_eq!(ada.next_event().await.text.as_deref(), Some(text));
    }
}
