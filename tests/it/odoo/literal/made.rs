//! Texts for the comparison with Python: made by a grammar, and changed by chance.

/// A small generator of numbers (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap() % limit
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const MANIFESTS: [&str; 4] = [
    "# -*- coding: utf-8 -*-\n# Copyright 2024 Ä\n{\n    'name': 'Sale \\'extra\\'',\n    \"version\": \"17.0.1.0.0\",\n    'summary': \"\"\"\n    Long\\ttext \\u00e9\n    \"\"\",\n    'depends': ['base', 'sale',],\n    'data': [\n        # first\n        'security/ir.model.access.csv',\n        'views/sale.xml'\n    ],\n    'price': 1_0.50,\n    'sequence': -1,\n    'installable': True, 'auto_install': ['base'],\n    'assets': {'web.assets_backend': [('include', 'a'), 'm/static/**/*']},\n}\n",
    "\n\n{'name': u'x' 'y'\n 'z', 'external_dependencies': {'python': ['a'], 'bin': []}, 'demo': (), 'x': None}\r\n",
    "({'description': '''\nThis is\n\"quoted\"\n''' r'\\d' , 'countries': {'de', 'fr'}, 'n': (1, 2.5e-3, 0x1F, 0b10, 0o17, 1+2j)})   # end",
    "{\r\n  'a': b'x\\x41\\101' Rb'\\n',\r\n\t'b': [[], (), {}, set(), ...],\r\n}",
];

const PIECES: [&str; 98] = [
    "½",
    "\u{2028}",
    "😀",
    "\x0b",
    "\x1a",
    "\u{300}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "+",
    "-",
    "~",
    "*",
    "**",
    ".",
    "..",
    "...",
    "=",
    "==",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\x0c",
    "\\\n",
    "\\\r\n",
    "\\",
    "#",
    "# c\n",
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "''",
    "'a'",
    "\"b\"",
    "b'x'",
    "r'\\'",
    "u'u'",
    "f'f'",
    "bR'q'",
    "ur'x'",
    "B''",
    "0",
    "1",
    "00",
    "0_0",
    "01",
    "1_",
    "_1",
    "0x",
    "0xfF",
    "0b1",
    "0o7",
    "0o8",
    "1.",
    ".5",
    "1e",
    "1e5",
    "1e+",
    "1e-3",
    "1j",
    "J",
    "e",
    "1e400",
    "0_7.5",
    "True",
    "False",
    "None",
    "set",
    "set()",
    "Ellipsis",
    "lambda",
    "if",
    "or",
    "in",
    "not",
    "x",
    "é",
    "\u{a0}",
    "\u{feff}",
    "\u{0}",
    "$",
    "?",
    "\\x4",
    "\\u00e9",
    "\\U0001F600",
    "\\777",
    "\\q",
    "\\N{DASH}",
    "\\ud800",
];

const GAPS: [&str; 12] = ["", "", "", "", " ", " ", "\n", " # c\n", "\r\n", "\\\n", "\t", "\x0c"];
const FLAT_GAPS: [&str; 8] = ["", "", "", " ", " ", "\\\n", "\t", "\x0c"];

/// As many texts as asked for, always the same ones for a seed.
pub fn cases(count: usize, seed: u64) -> Vec<String> {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ seed);
    (0..count).map(|_| case(&mut chance)).collect()
}

fn case(chance: &mut Chance) -> String {
    match chance.below(10) {
        0 => {
            let text = chance.of(&MANIFESTS);
            changed(chance, text)
        }
        1 => (0..=chance.below(8)).map(|_| chance.of(&PIECES)).collect(),
        2 => {
            let text = whole(chance);
            changed(chance, &text)
        }
        3 => {
            let text = whole(chance);
            let once = changed(chance, &text);
            changed(chance, &once)
        }
        4 => number(chance),
        5 => quoted(chance),
        _ => whole(chance),
    }
}

/// A file: blank lines, a value, blank lines.
fn whole(chance: &mut Chance) -> String {
    const BEFORE: [&str; 12] =
        ["", "", "", "", " ", "\t ", "\n", "# c\n", "  # c\n", "\n\\\n", "\x0c", "\r\n \n"];
    const AFTER: [&str; 16] = [
        "",
        "",
        "",
        "\n",
        "\n\n",
        "\r\n",
        " # c",
        "\n# c",
        "\n  # c\n",
        "\n \n",
        "\n\x0c\n",
        "\n ",
        "\n\\\n",
        "\\\n",
        "\n \\\n\n",
        "\r",
    ];
    let before = chance.of(&BEFORE);
    let mut text = before.to_owned();
    text.push_str(&value(chance, 4, &FLAT_GAPS));
    if chance.below(12) == 0 {
        text.push_str(", ");
        text.push_str(&value(chance, 2, &FLAT_GAPS));
        text.push_str(chance.of(&["", ",", " ,"]));
    }
    text + chance.of(&AFTER)
}

fn value(chance: &mut Chance, depth: usize, gaps: &[&str]) -> String {
    let kinds = if depth == 0 { 8 } else { 20 };
    match chance.below(kinds) {
        0 => number(chance),
        1..=3 => texts(chance, gaps),
        4 => chance.of(&["True", "False", "None", "...", "set()", "()", "[]", "{}"]).to_owned(),
        5 => signed(chance, gaps),
        6 => complex(chance, gaps),
        7 => chance.of(&["0", "1", "1.0", "'a'", "b'a'", "-1", "1e0", "0j", "-0.0"]).to_owned(),
        8 | 9 => sequence(chance, depth, "[]"),
        10 => sequence(chance, depth, "()"),
        11 => format!("({}{})", gap(chance, &GAPS), value(chance, depth - 1, &GAPS)),
        12 | 13 => sequence(chance, depth, "{}"),
        _ => dictionary(chance, depth),
    }
}

fn gap(chance: &mut Chance, gaps: &[&str]) -> String {
    chance.of(gaps).to_owned()
}

fn sequence(chance: &mut Chance, depth: usize, brackets: &str) -> String {
    let (open, close) = brackets.split_at(1);
    let mut text = open.to_owned() + chance.of(&GAPS);
    for _ in 0..chance.below(5) {
        text.push_str(&value(chance, depth - 1, &GAPS));
        text.push_str(chance.of(&GAPS));
        text.push(',');
        text.push_str(chance.of(&GAPS));
    }
    if chance.below(2) == 0 {
        text.push_str(&value(chance, depth - 1, &GAPS));
        text.push_str(chance.of(&GAPS));
    }
    text + close
}

fn dictionary(chance: &mut Chance, depth: usize) -> String {
    let mut text = "{".to_owned() + chance.of(&GAPS);
    let pairs = chance.below(5);
    for index in 0..pairs {
        let deep = if chance.below(6) == 0 { depth - 1 } else { 0 };
        text.push_str(&value(chance, deep, &GAPS));
        text.push_str(chance.of(&GAPS));
        text.push(':');
        text.push_str(chance.of(&GAPS));
        text.push_str(&value(chance, depth - 1, &GAPS));
        text.push_str(chance.of(&GAPS));
        if index + 1 < pairs || chance.below(2) == 0 {
            text.push(',');
        }
        text.push_str(chance.of(&GAPS));
    }
    text + "}"
}

fn signed(chance: &mut Chance, gaps: &[&str]) -> String {
    let sign = chance.of(&["-", "+", "-", "~", "--", "- +"]).to_owned();
    let number = parenthesised(chance);
    sign + chance.of(gaps) + &number
}

fn parenthesised(chance: &mut Chance) -> String {
    let number = number(chance);
    match chance.below(6) {
        0 => format!("({number})"),
        1 => format!("(( {number}))"),
        _ => number,
    }
}

fn complex(chance: &mut Chance, gaps: &[&str]) -> String {
    let left = match chance.below(4) {
        0 => signed(chance, gaps),
        1 => format!("({})", signed(chance, gaps)),
        2 => format!("1{}", "0".repeat(300 + chance.below(20))),
        _ => parenthesised(chance),
    };
    let right = match chance.below(5) {
        0 => parenthesised(chance),
        1 => format!("({}j)", chance.below(99)),
        _ => format!("{}j", chance.of(&["1", "0", "2.5", "1e400", "1_0", "00", "09", ".5"])),
    };
    let sign = chance.of(&["+", "-"]);
    format!("{left}{}{sign}{}{right}", chance.of(gaps), chance.of(gaps))
}

const NUMBERS: [&str; 30] = [
    "0",
    "1",
    "9",
    "12",
    "0",
    "_",
    "_",
    "x",
    "X",
    "o",
    "b",
    "B",
    "f",
    "7",
    "8",
    ".",
    ".",
    "e",
    "E",
    "+",
    "-",
    "j",
    "J",
    "e5",
    "e-3",
    "00",
    "1_000",
    "a",
    "0x1",
    "123456789",
];

fn number(chance: &mut Chance) -> String {
    if chance.below(3) == 0 {
        let long = if chance.below(50) == 0 { 4320 } else { 30 };
        let digits = "1234567890".repeat(long / 10);
        let digits = &digits[..=chance.below(long - 1)];
        let prefix = chance.of(&["", "0x", "0", "0X_", "-"]);
        return format!("{prefix}{digits}{}", chance.of(&["", "", "", "e3", ".5", "j", "L"]));
    }
    let mut text = chance.of(&["", "0", "1", ".", "0x", "0b", "0o", "9"]).to_owned();
    (0..=chance.below(4)).for_each(|_| text.push_str(chance.of(&NUMBERS)));
    text
}

fn texts(chance: &mut Chance, gaps: &[&str]) -> String {
    let mut text = quoted(chance);
    while chance.below(4) == 0 {
        text.push_str(chance.of(gaps));
        let prefix = if text.starts_with(['b', 'B']) { "b" } else { "" };
        text.push_str(prefix);
        text.push_str(chance.of(&["'x'", "\"y\"", "'''z'''", "\"\"", "'\\n'"]));
    }
    text
}

const PREFIXES: [&str; 26] = [
    "", "", "", "", "", "", "", "u", "U", "b", "B", "r", "R", "br", "bR", "Br", "BR", "rb", "rB",
    "Rb", "RB", "f", "ur", "bb", "rr", "bu",
];
const PARTS: [&str; 44] = [
    "a",
    "b",
    " ",
    "0",
    "7",
    "é",
    "😀",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x0c",
    "'",
    "\"",
    "''",
    "\"\"",
    "\\",
    "\\\\",
    "\\'",
    "\\\"",
    "\\n",
    "\\t",
    "\\a",
    "\\\n",
    "\\\r\n",
    "\\0",
    "\\12",
    "\\377",
    "\\400",
    "\\8",
    "\\x41",
    "\\xff",
    "\\x",
    "\\xg",
    "\\u00e9",
    "\\u12",
    "\\U0001F600",
    "\\U00110000",
    "\\UFFFFFFFF",
    "\\N",
    "\\q",
    "\\é",
    "#",
    "\u{feff}",
];

/// A part of a text: one of those above, or a backslash before any character of ASCII.
fn part(chance: &mut Chance) -> String {
    let byte = u8::try_from(chance.below(127)).unwrap().max(1);
    match chance.below(6) {
        0 => format!("\\{}", char::from(byte)),
        _ => chance.of(&PARTS).to_owned(),
    }
}

fn quoted(chance: &mut Chance) -> String {
    let quote = chance.of(&["'", "\"", "'''", "\"\"\""]);
    let body: String = (0..chance.below(6)).map(|_| part(chance)).collect();
    // Most of them are to be right.
    let body = match chance.below(3) {
        0 => body,
        1 => body.replace(['\n', '\r', '\'', '"'], ""),
        _ => body.replace(['\n', '\r', '\'', '"', '\\'], ""),
    };
    format!("{}{quote}{body}{quote}", chance.of(&PREFIXES))
}

/// The text with something put in, taken out or doubled.
fn changed(chance: &mut Chance, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = chance.below(chars.len() + 1);
    let until = (at + chance.below(4)).min(chars.len());
    let (before, middle, after): (String, String, String) = (
        chars[..at].iter().collect(),
        chars[at..until].iter().collect(),
        chars[until..].iter().collect(),
    );
    match chance.below(4) {
        0 => before + chance.of(&PIECES) + &middle + &after,
        1 => before + &after,
        2 => before + chance.of(&PIECES) + &after,
        _ => before + &middle + &middle + &after,
    }
}
