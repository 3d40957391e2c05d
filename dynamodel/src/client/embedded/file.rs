//! The file of an engine: which paths are taken, whether a file is the engine's own, and opening it
//! off the runtime's threads.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A table that every database of the engine has.
const OWN_TABLE: &[u8] = b"_tables";
/// Begin of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Tables whose names are looked at; a damaged file could have pages that refer to each other.
const MAX_PAGES: usize = 10_000;

/// A file that the engine does not take, or cannot open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileError {
    Empty,
    Memory,
    Uri,
    NotText,
    NoFolder,
    IsFolder,
    Io(ErrorKind),
    NoDatabase,
    Foreign,
}

impl std::error::Error for FileError {}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileError::Empty => {
                "the path of the database is empty; `Db::embedded()` keeps one in memory"
            }
            FileError::Memory => {
                "`:memory:` is not a path; `Db::embedded()` keeps a database in memory"
            }
            FileError::Uri => "a `file:` URI is not a path; give the path alone",
            FileError::NotText => "the path of the database has to be Unicode, and without a NUL",
            FileError::NoFolder => "the folder of the database does not exist",
            FileError::IsFolder => "the path of the database is a folder",
            FileError::Io(kind) => return write!(f, "the file cannot be read: {kind}"),
            FileError::NoDatabase => "the file exists and is not a database; it was not touched",
            FileError::Foreign => {
                "the file is a database of another application; it was not touched"
            }
        })
    }
}

/// Returns the absolute path of a database that exists and is the engine's, or that can be created.
/// Reads a few pages of the file, and changes nothing.
///
/// # Errors
/// When it is neither.
pub(super) fn checked(path: &Path) -> Result<String, FileError> {
    let text = path.to_str().filter(|text| !text.contains('\0'));
    let text = text.ok_or(FileError::NotText)?;
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    if text.trim().eq_ignore_ascii_case(":memory:") {
        return Err(FileError::Memory);
    }
    let scheme = text.get(..5);
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        return Err(FileError::Uri);
    }
    // The file is opened later, when the process may be in another folder.
    let path = std::path::absolute(path).map_err(|e| FileError::Io(e.kind()))?;
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => return Err(FileError::IsFolder),
        Ok(_) => check_file(&path)?,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            if !path.parent().is_some_and(Path::is_dir) {
                return Err(FileError::NoFolder);
            }
        }
        Err(e) => return Err(FileError::Io(e.kind())),
    }
    path.to_str().map(str::to_owned).ok_or(FileError::NotText)
}

fn check_file(path: &Path) -> Result<(), FileError> {
    let file = File::open(path).map_err(|e| FileError::Io(e.kind()))?;
    let length = file.metadata().map_err(|e| FileError::Io(e.kind()))?.len();
    if length == 0 {
        return Ok(());
    }
    let mut database = Pages::open(file, path).ok_or(FileError::NoDatabase)?;
    if database.application_id() != 0 {
        return Err(FileError::Foreign);
    }
    let tables = database.tables().ok_or(FileError::NoDatabase)?;
    match tables.is_empty() || tables.iter().any(|name| name == OWN_TABLE) {
        true => Ok(()),
        false => Err(FileError::Foreign),
    }
}

/// Pages of a SQLite file as its next reader would see them: those of the write-ahead log count before
/// those of the file.
struct Pages {
    file: File,
    size: u64,
    first: Vec<u8>,
    log: Option<File>,
    /// Offset of the last version of a page in the log.
    logged: HashMap<u32, u64>,
}

impl Pages {
    fn open(mut file: File, path: &Path) -> Option<Self> {
        let mut header = [0; 100];
        file.read_exact(&mut header).ok()?;
        if !header.starts_with(MAGIC) {
            return None;
        }
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => u64::from(size),
            _ => return None,
        };
        let mut log_path = PathBuf::from(path).into_os_string();
        log_path.push("-wal");
        let mut log = File::open(log_path).ok();
        let logged = log
            .as_mut()
            .and_then(|log| frames(log, size))
            .unwrap_or_default();
        let mut pages = Pages {
            file,
            size,
            first: Vec::new(),
            log,
            logged,
        };
        pages.first = pages.page(1)?;
        Some(pages)
    }

    fn application_id(&self) -> u32 {
        number(&self.first, 68).unwrap_or(0)
    }

    fn page(&mut self, number: u32) -> Option<Vec<u8>> {
        let mut page = vec![0; usize::try_from(self.size).ok()?];
        let (file, at) = match (self.logged.get(&number), &mut self.log) {
            (Some(at), Some(log)) => (log, *at),
            _ => (
                &mut self.file,
                u64::from(number.checked_sub(1)?) * self.size,
            ),
        };
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut page).ok()?;
        Some(page)
    }

    /// Names of the tables and indexes; `None` when the file is damaged.
    ///
    /// Source: [the format of SQLite's files](https://www.sqlite.org/fileformat2.html).
    fn tables(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        let mut next = vec![1];
        let mut seen = 0;
        while let Some(number) = next.pop() {
            seen += 1;
            if seen > MAX_PAGES {
                return None;
            }
            let page = self.page(number)?;
            let start = if number == 1 { 100 } else { 0 };
            let count = usize::from(u16::from_be_bytes(bytes(&page, start + 3)?));
            let is_leaf = match page.get(start)? {
                0x0d => true,
                0x05 => false,
                _ => return None,
            };
            let cells = start + if is_leaf { 8 } else { 12 };
            if !is_leaf {
                next.push(self::number(&page, start + 8)?);
            }
            for cell in 0..count {
                let at = usize::from(u16::from_be_bytes(bytes(&page, cells + 2 * cell)?));
                match is_leaf {
                    true => names.push(name_in(page.get(at..)?)?),
                    false => next.push(self::number(&page, at)?),
                }
            }
        }
        Some(names)
    }
}

/// Offsets of the last version of each page in a write-ahead log.
fn frames(log: &mut File, size: u64) -> Option<HashMap<u32, u64>> {
    let mut frames = HashMap::new();
    let mut at = 32;
    let mut header = [0; 24];
    loop {
        log.seek(SeekFrom::Start(at)).ok()?;
        if log.read_exact(&mut header).is_err() {
            return Some(frames);
        }
        frames.insert(number(&header, 0)?, at + 24);
        at += 24 + size;
    }
}

/// The name in a row of SQLite's schema: the second column.
fn name_in(cell: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    let _payload = varint(cell, &mut at)?;
    let _row = varint(cell, &mut at)?;
    let record = cell.get(at..)?;
    let mut at = 0;
    let header = usize::try_from(varint(record, &mut at)?).ok()?;
    let kind = text_length(varint(record, &mut at)?)?;
    let name = text_length(varint(record, &mut at)?)?;
    let start = header.checked_add(kind)?;
    let name = record.get(start..start.checked_add(name)?)?;
    Some(name.to_vec())
}

/// Byte length of a text by its type.
fn text_length(kind: u64) -> Option<usize> {
    usize::try_from(kind.checked_sub(13)? / 2).ok()
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for _ in 0..8 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some(value);
        }
    }
    let byte = *bytes.get(*at)?;
    *at += 1;
    Some(value << 8 | u64::from(byte))
}

fn number(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes(page, at)?))
}

fn bytes<const N: usize>(page: &[u8], at: usize) -> Option<[u8; N]> {
    page.get(at..)?.first_chunk().copied()
}
