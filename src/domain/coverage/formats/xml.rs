//! XML as a stream of events, for reports: well-formed to the end or an error with its place.
//!
//! Nothing is fetched and no entity is expanded: a DOCTYPE is skipped with all that is in it.

mod scan;
mod window;

use std::borrow::Cow;
use std::cell::Cell;
use std::io::BufRead;
use std::str::FromStr;

use crate::domain::coverage::report::Unreadable;
use scan::{Aside, LONE_AMPERSAND, Shape, Stop};
use window::Window;

/// How deep elements may lie in each other: reports need 12.
const DEEPEST: usize = 256;

/// What the parser of a format gets, in the order of the file. It answers with what is wrong, and [`read`] adds where.
pub type Handler<'a> = dyn FnMut(Event<'_>) -> Result<(), String> + 'a;

/// One step through the file.
#[derive(Debug)]
pub enum Event<'a> {
    /// An element begins.
    Start(&'a Tag<'a>),
    /// An element ends; its name without a prefix. An empty element (`<a/>`) begins and ends as well.
    End(&'a str),
    /// Text or CDATA within an element, decoded. It may come in several pieces.
    Text(&'a str),
    /// What comes next, not yet looked at, from the `<` of a `<line` on: only for [`read_ahead`].
    Ahead(Ahead<'a>),
}

/// A look at what comes next. Who knows whole elements by heart may take them, and they make no events.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a> {
    /// What is in memory of it.
    pub text: &'a str,
    /// How many bytes were taken: whole empty elements and the white space behind them, well-formed.
    pub taken: &'a Cell<usize>,
}

/// Whether the handler wants [`Event::Ahead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Ahead,
    AtEvents,
}

/// The start of an element.
#[derive(Debug, Default)]
pub struct Tag<'a> {
    /// Its name without a prefix: `line` of `<x:line>`.
    pub name: &'a str,
    /// In how many elements it lies: 0 is the root.
    pub depth: usize,
    /// Its name with the prefix.
    written: &'a str,
    /// Names as written and values decoded; no name is there twice.
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Tag<'a> {
    /// The value of an attribute.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The value of an attribute that must be there.
    pub fn need(&self, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("`<{}>` has no `{name}`", self.name))
    }

    /// An attribute that must be there and be a number.
    pub fn number<N: FromStr>(&self, name: &str) -> Result<N, String> {
        let value = self.need(name)?;
        value.trim().parse().map_err(|_| self.no_number(name, value))
    }

    /// What to say of an attribute that should be a number, or one of another size.
    pub fn no_number(&self, name: &str, value: &str) -> String {
        format!("`{name}=\"{}\"` of `<{}>` is not a number that can be", brief(value), self.name)
    }

    /// Begins another tag.
    #[inline]
    fn name_it(&mut self, written: &'a str) {
        self.written = written;
        self.name = local(written);
        self.attributes.clear();
    }
}

#[inline]
fn local(name: &str) -> &str {
    name.bytes().position(|byte| byte == b':').map_or(name, |at| &name[at + 1..])
}

/// The beginning of a text, as an error shows it.
pub fn brief(text: &str) -> String {
    text.chars().take(80).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// A value with its references replaced.
fn decoded(value: &str) -> Result<String, String> {
    let mut parts = value.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, text) = part.split_once(';').ok_or_else(|| LONE_AMPERSAND.to_owned())?;
        decoded.push(referred(name)?);
        decoded.push_str(text);
    }
    Ok(decoded)
}

/// What a reference stands for: one of the five names that XML has, or the number of a character.
fn referred(name: &str) -> Result<char, String> {
    let number = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => name.strip_prefix('#'),
    };
    let Some(number) = number else {
        return Err(format!("entities are not supported: `&{};`", brief(name)));
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let signed = digits.starts_with('+');
    let code = u32::from_str_radix(digits, radix).ok().filter(|code| !signed && *code > 0);
    code.and_then(char::from_u32).ok_or_else(|| format!("`&{};` is no character", brief(name)))
}

/// Reads XML to its end.
pub fn read(input: &mut dyn BufRead, handle: &mut Handler<'_>) -> Result<(), Unreadable> {
    run(input, Tree::new(handle, Looks::AtEvents))
}

/// As [`read`], and before each `<line` the handler may take elements by itself: [`Event::Ahead`].
pub fn read_ahead(input: &mut dyn BufRead, handle: &mut Handler<'_>) -> Result<(), Unreadable> {
    run(input, Tree::new(handle, Looks::Ahead))
}

fn run(input: &mut dyn BufRead, mut tree: Tree<'_, '_>) -> Result<(), Unreadable> {
    let mut window = Window::open(input)?;
    loop {
        let (done, cut) =
            tree.take(&window.text).map_err(|(at, what)| window.unreadable(at, what))?;
        if window.ended {
            return tree.finish(cut).map_err(|what| window.unreadable(done, what));
        }
        window.slide(done)?;
    }
}

/// The elements that are open, and whether the root was there.
struct Tree<'h, 'f> {
    /// Their names, one behind the other.
    names: String,
    /// Where each begins.
    starts: Vec<usize>,
    /// Whether the root element has begun.
    rooted: bool,
    looks: Looks,
    handle: &'h mut Handler<'f>,
}

impl<'h, 'f> Tree<'h, 'f> {
    fn new(handle: &'h mut Handler<'f>, looks: Looks) -> Self {
        Self { names: String::new(), starts: Vec::new(), rooted: false, looks, handle }
    }

    /// How many bytes the handler takes by itself.
    fn ahead(&mut self, text: &str) -> Result<usize, String> {
        let taken = Cell::new(0);
        (self.handle)(Event::Ahead(Ahead { text, taken: &taken }))?;
        Ok(taken.get())
    }

    /// Takes all that is whole: how many bytes that were, and inside what the text ends.
    fn take(&mut self, text: &str) -> Result<(usize, Option<&'static str>), (usize, String)> {
        let mut tag = Tag::default();
        let mut at = 0;
        while at < text.len() {
            at = match self.step(text, at, &mut tag) {
                Ok(end) => end,
                Err(Stop::Cut(inside)) => return Ok((at, Some(inside))),
                Err(Stop::Wrong(at, what)) => return Err((at, what)),
            };
        }
        Ok((at, None))
    }

    /// Takes what begins at a byte; where it ends.
    #[inline]
    fn step<'a>(&mut self, text: &'a str, at: usize, tag: &mut Tag<'a>) -> Result<usize, Stop> {
        if self.looks == Looks::Ahead && text.as_bytes()[at..].starts_with(b"<line ") {
            let taken = self.ahead(&text[at..]).map_err(|what| Stop::Wrong(at, what))?;
            if taken > 0 {
                return Ok(at + taken);
            }
        }
        let (taken, end) = match text.as_bytes()[at..] {
            [b'<', b'/', ..] => {
                let (name, end) = scan::end_tag(text, at)?;
                (self.end(name), end)
            }
            [b'<', b'!' | b'?', ..] => {
                let (aside, end) = scan::aside(text, at)?;
                (self.aside(aside, &text[at..end]), end)
            }
            [b'<', _, ..] => {
                let (shape, end) = scan::start_tag(tag, text, at)?;
                (self.start(tag, shape), end)
            }
            [b'<'] => return Err(Stop::Cut("a tag")),
            [b'&', ..] => {
                let (name, end) = scan::reference(text, at)?;
                (referred(name).and_then(|char| self.text(char.encode_utf8(&mut [0; 4]))), end)
            }
            _ if self.starts.is_empty() => {
                let end = scan::space_end(text, at);
                let stray = text[end..].chars().next().filter(|char| *char != '<');
                return stray.map_or(Ok(end), |_| Err(Stop::Wrong(end, self.stray())));
            }
            _ => {
                let end = scan::text_end(text, at);
                (self.text(&text[at..end]), end)
            }
        };
        taken.map_err(|what| Stop::Wrong(at, what))?;
        Ok(end)
    }

    fn start(&mut self, tag: &mut Tag<'_>, shape: Shape) -> Result<(), String> {
        tag.depth = self.starts.len();
        if tag.depth == 0 && self.rooted {
            return Err(format!("a second root element, `<{}>`", brief(tag.written)));
        }
        if tag.depth == DEEPEST {
            return Err(format!("more than {DEEPEST} elements lie in each other"));
        }
        self.rooted = true;
        (self.handle)(Event::Start(tag))?;
        if shape == Shape::Empty {
            return (self.handle)(Event::End(tag.name));
        }
        self.starts.push(self.names.len());
        self.names.push_str(tag.written);
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), String> {
        let Some(start) = self.starts.pop() else {
            return Err(format!("`</{}>` ends nothing", brief(name)));
        };
        let open = &self.names[start..];
        if open != name {
            return Err(format!("`</{}>` where `</{}>` must come", brief(name), brief(open)));
        }
        self.names.truncate(start);
        (self.handle)(Event::End(local(name)))
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        if self.starts.is_empty() { Err(self.stray()) } else { (self.handle)(Event::Text(text)) }
    }

    /// What is said of text outside of the root element.
    fn stray(&self) -> String {
        let side = if self.rooted { "after" } else { "before" };
        format!("text {side} the root element")
    }

    fn aside(&mut self, aside: Aside, markup: &str) -> Result<(), String> {
        match aside {
            Aside::CData => self.text(&markup["<![CDATA[".len()..markup.len() - "]]>".len()]),
            Aside::Declaration if self.rooted => Err("a second XML declaration".to_owned()),
            Aside::Doctype if self.rooted => Err("a DOCTYPE within the document".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether the file may end here, where it may be in the middle of something.
    fn finish(&self, cut: Option<&str>) -> Result<(), String> {
        match (cut, self.starts.last()) {
            (Some(inside), _) => Err(format!("the file ends inside {inside}")),
            (None, Some(open)) => {
                Err(format!("the file ends inside `<{}>`", brief(&self.names[*open..])))
            }
            (None, None) if !self.rooted => Err("there is no root element".to_owned()),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    /// The events as lines: `<a x=1 y=2`, `text`, `>a`.
    fn events_of(xml: &[u8], piece: usize) -> Result<Vec<String>, String> {
        let mut seen: Vec<String> = Vec::new();
        let mut handle = |event: Event<'_>| {
            match event {
                Event::Start(tag) => {
                    let pairs =
                        tag.attributes.iter().map(|(name, value)| format!(" {name}={value}"));
                    seen.push(format!("<{}{}", tag.name, pairs.collect::<String>()));
                }
                Event::End(name) => seen.push(format!(">{name}")),
                Event::Ahead(_) => {}
                Event::Text(text) => match seen.last_mut() {
                    Some(last) if last.starts_with('"') => last.push_str(text),
                    _ => seen.push(format!("\"{text}")),
                },
            }
            Ok(())
        };
        let mut input = BufReader::with_capacity(piece, xml);
        read(&mut input, &mut handle).map_err(|error| error.to_string())?;
        Ok(seen)
    }

    #[test]
    fn what_is_well_formed() {
        for (xml, events) in [
            ("<a/>", "<a >a"),
            ("\u{FEFF}<?xml version='1.0' encoding=\"UTF-8\" ?>\n<a></a>\n", "<a >a"),
            ("\n <?xml version='1.0'?><a/>", "<a >a"),
            ("<a><b x='1' y = \"2\"\n/>t<!-- > <c> -->u</a  >", "<a <b x=1 y=2 >b \"tu >a"),
            ("<x:a xmlns:x='u' x:k='v'/>", "<a xmlns:x=u x:k=v >a"),
            (
                "<a b='&lt;&gt;&amp;&quot;&apos;&#233;&#xE9;'>&lt;<![CDATA[<&x;]]>&#65;</a>",
                "<a b=<>&\"'éé \"<<&x;A >a",
            ),
            ("<!DOCTYPE a SYSTEM \"http://x/y.dtd\"><a/>", "<a >a"),
            (
                "<!DOCTYPE a [<!ENTITY b \"]>\"><!-- ]> -->\n]><?p i?><a><?p ?></a><!-- c -->",
                "<a >a",
            ),
            ("<é ü='ß'/>", "<é ü=ß >é"),
            ("<a b='x > y'/>", "<a b=x > y >a"),
        ] {
            assert_eq!(events_of(xml.as_bytes(), 4096).unwrap().join(" "), events, "{xml}");
        }
    }

    #[test]
    fn what_is_not() {
        for (xml, error) in [
            ("", "1:1: there is no root element"),
            ("  \n", "2:1: there is no root element"),
            ("<!-- only -->", "1:14: there is no root element"),
            ("hello", "1:1: text before the root element"),
            ("<a/>\n b", "2:2: text after the root element"),
            ("<a/>&amp;", "1:5: text after the root element"),
            ("<a/>\n<b/>", "2:1: a second root element, `<b>`"),
            ("<a>\n <b>\n</a>", "3:1: `</a>` where `</b>` must come"),
            ("<a></a></b>", "1:8: `</b>` ends nothing"),
            ("<a>\n<b></b>\n", "3:1: the file ends inside `<a>`"),
            ("<a>\n <b", "2:2: the file ends inside a tag"),
            ("<a>\n <", "2:2: the file ends inside a tag"),
            ("<a b='", "1:1: the file ends inside a tag"),
            ("<a>\n<!-- ", "2:1: the file ends inside a comment"),
            ("<a>\n<![CDATA[ ]]", "2:1: the file ends inside CDATA"),
            ("<!DOCTYPE a [", "1:1: the file ends inside the DOCTYPE"),
            ("<?xml ", "1:1: the file ends inside a processing instruction"),
            ("<a>&nbsp;</a>", "1:4: entities are not supported: `&nbsp;`"),
            ("<a b='&x;'/>", "1:7: entities are not supported: `&x;`"),
            ("<a b='&#0;'/>", "1:7: `&#0;` is no character"),
            ("<a>\n & </a>", "2:2: a `&` that begins no character reference: write `&amp;`"),
            ("<a b='&'/>", "1:7: a `&` that begins no character reference: write `&amp;`"),
            ("<a b='1' b='2'/>", "1:10: `<a>` has `b` twice"),
            ("<a b/>", "1:4: something in `<a>` that is no attribute"),
            ("<a b=1/>", "1:4: something in `<a>` that is no attribute"),
            ("<a b='1'c='2'/>", "1:9: something in `<a>` that is no attribute"),
            ("<a b='<'/>", "1:7: a `<` in a value: write `&lt;`"),
            ("<a b='1' <a c='2'/>", "1:10: something in `<a>` that is no attribute"),
            ("< a/>", "1:1: a `<` that begins no tag: write `&lt;`"),
            ("<a><></a>", "1:4: a `<` that begins no tag: write `&lt;`"),
            ("<a><!x></a>", "1:4: a `<!` that begins no comment, CDATA or DOCTYPE"),
            ("<a><!-x--></a>", "1:4: a `<!` that begins no comment, CDATA or DOCTYPE"),
            ("<a><?x></a>", "1:4: the file ends inside a processing instruction"),
            ("<a><?>?></a>", "1:4: a `<?` without a name"),
            ("<a></></a>", "1:4: a `</` that is no end tag"),
            ("<a></a b=''>", "1:4: a `</` that is no end tag"),
            ("<a><b", "1:4: the file ends inside a tag"),
            ("<a/><?xml version='1.0'?>", "1:5: a second XML declaration"),
            ("<a><!DOCTYPE a></a>", "1:4: a DOCTYPE within the document"),
        ] {
            for piece in [4096, 1] {
                assert_eq!(events_of(xml.as_bytes(), piece).unwrap_err(), error, "{xml}");
            }
        }
    }

    #[test]
    fn encodings() {
        let latin =
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a b='\xE9'>\xE9\xE9\n\xE9<b></a>";
        assert_eq!(events_of(latin, 64).unwrap_err(), "3:5: `</a>` where `</b>` must come");
        let latin = b"<?xml version='1.0' encoding='windows-1252'?><a b='\xE9'/>";
        assert_eq!(events_of(latin, 3).unwrap(), ["<a b=\u{e9}", ">a"]);
        for (xml, error) in [
            (&b"<a>\n\xC3\xA9 \xE9t</a>"[..], "2:4: byte 0xE9 is not UTF-8"),
            (b"<a>\xC3", "1:4: byte 0xC3 is not UTF-8"),
            (b"\xFF\xFE<\0a\0", "1:1: it is written in UTF-16: write it in UTF-8"),
            (b"\0<\0a", "1:1: it is written in UTF-16: write it in UTF-8"),
            (
                b"<?xml version='1.0' encoding='EBCDIC-37'?><a/>",
                "1:1: its encoding `EBCDIC-37` is not known",
            ),
        ] {
            let found = events_of(xml, 2).unwrap_err();
            assert!(found.starts_with(error), "{found}");
        }
    }

    #[test]
    fn a_bomb_stays_packed() {
        let mut xml = "<!DOCTYPE a [<!ENTITY l0 \"lol\">\n".to_owned();
        for n in 1..10 {
            let inner = format!("&l{};", n - 1).repeat(10);
            xml.push_str(&format!("<!ENTITY l{n} \"{inner}\">\n"));
        }
        xml.push_str("]>\n<a>&l9;</a>");
        let found = events_of(xml.as_bytes(), 4096).unwrap_err();
        assert_eq!(found, "12:4: entities are not supported: `&l9;`");
    }

    #[test]
    fn sizes_are_bounded() {
        let deep = "<a>".repeat(257);
        let found = events_of(deep.as_bytes(), 4096).unwrap_err();
        assert_eq!(found, "1:769: more than 256 elements lie in each other");
        let deep = "<a>".repeat(256) + &"</a>".repeat(256);
        assert_eq!(events_of(deep.as_bytes(), 4096).unwrap().len(), 512);
        for start in ["<!DOCTYPE a [", "<a b='", "<!--", "<![CDATA["] {
            let long = format!("\n<a>\n{start}{}", "x".repeat(3 << 20));
            let found = events_of(long.as_bytes(), 1 << 16).unwrap_err();
            assert_eq!(found, "3:1: the tag, comment or DOCTYPE has more than 1048576 bytes");
        }
        let wide: String = (0..300).map(|n| format!(" a{n}=''")).collect();
        let found = events_of(format!("<a{wide}/>").as_bytes(), 4096).unwrap_err();
        assert_eq!(found, "1:1942: `<a>` has more than 256 attributes");
        let text = format!("<a>{}</a>", "x".repeat(3 << 20));
        assert_eq!(events_of(text.as_bytes(), 1 << 16).unwrap()[1].len(), (3 << 20) + 1);
    }

    #[test]
    fn an_error_of_the_format_gets_the_place_of_its_element() {
        let xml = format!("<a>\n{}<b n='x'/></a>", "<c/>\n".repeat(100_000));
        let mut handle = |event: Event<'_>| match event {
            Event::Start(tag) if tag.name == "b" => tag.number::<u32>("n").map(|_| ()),
            _ => Ok(()),
        };
        let found = read(&mut xml.as_bytes(), &mut handle).unwrap_err().to_string();
        assert_eq!(found, "100002:1: `n=\"x\"` of `<b>` is not a number that can be");
    }

    fn elements_by_another(xml: &str) -> Vec<String> {
        use quick_xml::events::Event as Other;
        let mut reader = quick_xml::Reader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        let mut seen = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Other::Eof => return seen,
                Other::Start(tag) => {
                    let mut line = format!("<{}", tag.name().as_ref());
                    for attribute in tag.attributes().map(Result::unwrap) {
                        line.push_str(&format!(
                            " {}={}",
                            attribute.key.as_ref(),
                            decoded(&attribute.value).unwrap()
                        ));
                    }
                    seen.push(line);
                }
                Other::End(tag) => seen.push(format!(">{}", tag.name().as_ref())),
                _ => {}
            }
        }
    }

    /// Pieces of XML in any order: mostly nonsense, sometimes a document.
    fn soup() -> impl Strategy<Value = String> {
        let piece = proptest::sample::select(vec![
            "<a>",
            "</a>",
            "<b x='1'>",
            "</b>",
            "<c/>",
            "<",
            ">",
            "&",
            ";",
            "&amp;",
            "'",
            "\"",
            "=",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<?xml",
            "<?",
            "?>",
            "<!DOCTYPE a",
            "[",
            "]",
            "é",
            "\u{FEFF}",
            " ",
            "\n",
            "x",
            "/",
            "<!",
        ]);
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1_usize..20) {
            let _ = events_of(&bytes, piece);
        }

        #[test]
        fn pieces_change_nothing(xml in soup(), cut in 0_usize..60, piece in 1_usize..9) {
            let xml = format!("<a>{xml}</a>");
            let whole = events_of(xml.as_bytes(), 4096);
            prop_assert_eq!(&events_of(xml.as_bytes(), piece), &whole);
            // A comment so long that the first window ends `cut` bytes into the document.
            let comment = format!("<!--{}-->\n", " ".repeat(64 * 1024 - 8 - cut));
            let later = events_of(format!("{comment}{xml}").as_bytes(), 64 * 1024);
            let moved = whole.map_err(|error| {
                let (line, rest) = error.split_once(':').unwrap();
                format!("{}:{rest}", line.parse::<u64>().unwrap() + 1)
            });
            prop_assert_eq!(later, moved);
        }

        #[test]
        fn another_parser_sees_the_same(xml in soup()) {
            let xml = format!("<a>{xml}</a>");
            if let Ok(events) = events_of(xml.as_bytes(), 4096) {
                let ours: Vec<_> = events.into_iter().filter(|event| !event.starts_with('"')).collect();
                prop_assert_eq!(elements_by_another(&xml), ours);
            }
        }

        #[test]
        fn no_beginning_of_a_document_is_a_document(xml in soup(), part in 0.0_f64..1.0) {
            let whole = format!("<r>{xml}</r>");
            if events_of(whole.as_bytes(), 4096).is_ok() {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
                let cut = (whole.len() as f64 * part) as usize;
                prop_assert!(events_of(&whole.as_bytes()[..cut], 4096).is_err());
            }
        }
    }
}
