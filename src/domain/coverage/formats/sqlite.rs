//! The tables of an `SQLite` file, read only. Enough for coverage.py's data file, and no C: rows in the order of their
//! numbers, without indexes, views and SQL.
//!
//! The file is not trusted. Each page is used once in a scan, so that a file cannot send the reader round in circles or
//! make it read more than there is.

use std::borrow::Cow;

mod row;

use row::{Encoding, Reader};
pub use row::{Row, Value};

/// What every file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The length of the file's header, which lies in its first page.
const HEADER: usize = 100;

/// How deep a tree may be: pages have two children or more, so that 2^32 of them need no more.
const DEPTH: u32 = 32;

/// Kinds of pages of a table's tree.
const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;

/// What is wrong with a file, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the file, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub what: String,
}

/// A database file.
pub struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// What of a page is used: the rest may belong to an extension.
    usable: usize,
    pages: usize,
    encoding: Encoding,
}

/// A scan of one table, and which pages it has used.
struct Scan<'a> {
    database: &'a Database<'a>,
    used: Vec<bool>,
}

/// A page.
#[derive(Clone, Copy)]
struct Page<'a> {
    /// Where it begins in the file.
    start: usize,
    bytes: &'a [u8],
    /// Where its own header begins: after the file's header in the first page.
    header: usize,
}

fn fault<T>(offset: usize, what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { offset, what: what.into() })
}

impl<'a> Database<'a> {
    /// Checks the header of a file that is there as a whole.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let Some(header) = bytes.get(..HEADER).filter(|header| header.starts_with(MAGIC)) else {
            return fault(0, "this is no SQLite database");
        };
        let page_size = match u16_at(header, 16) {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => usize::from(size),
            size => return fault(16, format!("pages cannot have {size} bytes")),
        };
        if header[18] > 1 || header[19] > 1 {
            return fault(
                18,
                "it is in WAL mode, so that a part of it may lie in a file beside it; \
                 `coverage combine` writes one that is whole",
            );
        }
        let usable = page_size - usize::from(header[20]);
        if usable < 480 {
            return fault(20, format!("only {usable} bytes of a page are used"));
        }
        let encoding = match u32_at(header, 56) {
            0 | 1 => Encoding::Utf8,
            2 => Encoding::Utf16Little,
            3 => Encoding::Utf16Big,
            other => return fault(56, format!("text encoding {other} does not exist")),
        };
        // The number of pages in the header counts if the last writer knew of it.
        let counted = u32_at(header, 28) as usize;
        let pages = if counted > 0 && u32_at(header, 24) == u32_at(header, 92) {
            counted
        } else {
            bytes.len().div_ceil(page_size)
        };
        if bytes.len() / page_size < pages {
            return fault(bytes.len(), format!("it ends before the last of its {pages} pages"));
        }
        Ok(Self { bytes, page_size, usable, pages, encoding })
    }

    /// Goes through the rows of a table, or says that there is no such table.
    pub fn rows(
        &self,
        table: &str,
        mut each: impl FnMut(&Row) -> Result<(), Fault>,
    ) -> Result<Found, Fault> {
        match self.root(table)? {
            Some(root) => {
                self.scan(root, &mut each)?;
                Ok(Found::Yes)
            }
            None => Ok(Found::No),
        }
    }

    /// The first page of a table, from the table of tables: type, name, table, root page, SQL.
    fn root(&self, table: &str) -> Result<Option<u32>, Fault> {
        let mut root = None;
        self.scan(1, &mut |row| {
            let is = |column, wanted: &str| matches!(row.value(column), Value::Text(text) if text == wanted);
            if is(0, "table") && is(1, table) {
                let Ok(page) = u32::try_from(row.integer(3)?) else {
                    return fault(row.offset, format!("table `{table}` has no page"));
                };
                root = Some(page);
            }
            Ok(())
        })?;
        Ok(root)
    }

    fn scan(
        &self,
        root: u32,
        each: &mut dyn FnMut(&Row) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut scan = Scan { database: self, used: vec![false; self.pages] };
        let mut open = vec![(root, 0)];
        while let Some((number, depth)) = open.pop() {
            let page = scan.page(number)?;
            match page.bytes[page.header] {
                LEAF => scan.leaf(page, each)?,
                INTERIOR if depth < DEPTH => {
                    let children = page.children()?;
                    open.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
                }
                INTERIOR => return fault(page.start, "a tree of pages is too deep"),
                kind => {
                    return fault(
                        page.start,
                        format!("a page of kind {kind} is in a table's tree"),
                    );
                }
            }
        }
        Ok(())
    }

    /// How much of a row lies in its own page; the rest is in a chain of others.
    fn local(&self, size: usize) -> usize {
        let most = self.usable - 35;
        if size <= most {
            return size;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (size - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

impl<'a> Scan<'a> {
    /// A page that this scan has not used yet.
    fn page(&mut self, number: u32) -> Result<Page<'a>, Fault> {
        let Database { bytes, page_size, usable, pages, .. } = *self.database;
        let Some(at) = (number as usize).checked_sub(1).filter(|at| *at < pages) else {
            return fault(0, format!("page {number} is needed and there are {pages}"));
        };
        let start = at * page_size;
        if std::mem::replace(&mut self.used[at], true) {
            return fault(start, format!("page {number} is used twice"));
        }
        let header = if at == 0 { HEADER } else { 0 };
        Ok(Page { start, bytes: &bytes[start..start + usable], header })
    }

    fn leaf(
        &mut self,
        page: Page<'a>,
        each: &mut dyn FnMut(&Row) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // Rows of a page share its bytes and do not overlap: without this, a page could be read once for each of them.
        let mut left = page.bytes.len();
        for cell in page.cells(8)? {
            let offset = page.start + cell;
            let cut = || Fault { offset, what: "a row ends behind its page".to_owned() };
            let mut reader = Reader { bytes: page.bytes, at: cell };
            let size = reader.varint().ok_or_else(cut)?;
            let id = reader.varint().ok_or_else(cut)?;
            let size = usize::try_from(size).ok().filter(|size| *size <= self.database.bytes.len());
            let Some(size) = size else {
                return fault(offset, "a row is longer than the file");
            };
            let local = self.database.local(size);
            let here = reader.take(local).ok_or_else(cut)?;
            let payload = if local == size {
                Cow::Borrowed(here)
            } else {
                let next = reader.take(4).ok_or_else(cut)?;
                Cow::Owned(self.chained(here, u32_at(next, 0), size)?)
            };
            left = match left.checked_sub(reader.at - cell) {
                Some(left) => left,
                None => return fault(offset, "rows of a page overlap"),
            };
            each(&Row::read((id, offset), &payload, self.database.encoding)?)?;
        }
        Ok(())
    }

    /// A row of which only the beginning is in its page: the rest is in a chain of others.
    fn chained(&mut self, here: &[u8], first: u32, size: usize) -> Result<Vec<u8>, Fault> {
        let mut whole = here.to_vec();
        let mut next = first;
        while whole.len() < size {
            let page = self.page(next)?;
            next = u32_at(page.bytes, 0);
            let part = (size - whole.len()).min(page.bytes.len() - 4);
            whole.extend_from_slice(&page.bytes[4..4 + part]);
        }
        Ok(whole)
    }
}

/// Whether there is such a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is.
    Yes,
    /// There is none.
    No,
}

impl Page<'_> {
    /// Where its entries begin, within the page; `header` is how long the page's own header is.
    fn cells(&self, header: usize) -> Result<Vec<usize>, Fault> {
        let count = usize::from(u16_at(self.bytes, self.header + 3));
        let from = self.header + header;
        let Some(list) = self.bytes.get(from..from + 2 * count) else {
            return fault(self.start, "the entries of a page do not fit into it");
        };
        let cells = list.chunks_exact(2).map(|pair| usize::from(u16_at(pair, 0)));
        Ok(cells.collect())
    }

    /// The pages below an interior page, in order.
    fn children(&self) -> Result<Vec<u32>, Fault> {
        let mut children = Vec::new();
        for cell in self.cells(12)? {
            match self.bytes.get(cell..cell + 4) {
                Some(child) => children.push(u32_at(child, 0)),
                None => return fault(self.start + cell, "an entry of a page ends behind it"),
            }
        }
        children.push(u32_at(self.bytes, self.header + 8));
        Ok(children)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) << 16 | u32::from(u16_at(bytes, at + 2))
}
