//! Databases of the embedded engine in files: which files it takes, and that it blocks no runtime.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dynamodel::{Db, Entity, Error, ErrorKind};
use dynamodel_tests::faults::{self, Fault};
use rusqlite::Connection;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    id: u64,
}

/// A folder of its own, which is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("dynamodel-files-{:x}", fastrand::u64(..));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Names and contents of all files.
    fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = files
            .map(|file| {
                let content = std::fs::read(&file).unwrap_or_default();
                (file, content)
            })
            .collect();
        all.sort();
        all
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn refused(path: impl AsRef<Path>) -> Error {
    let e = Db::embedded_at(path).map(drop).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Embedded, "{e}");
    assert!(!e.to_string().to_lowercase().contains("sqlite"), "{e}");
    e
}

#[test]
fn path_that_is_no_file_is_refused() {
    let folder = Folder::new();
    for (path, text) in [
        ("", "empty"),
        ("  ", "empty"),
        (":memory:", "Db::embedded()"),
        ("file:app.db", "URI"),
        ("file::memory:?cache=shared", "URI"),
        ("FILE:/tmp/app.db", "URI"),
        ("file:///tmp/app.db?mode=memory", "URI"),
        ("a\0b", "NUL"),
    ] {
        assert!(refused(path).to_string().contains(text), "{path}");
    }
    assert!(refused(&folder.0).to_string().contains("folder"));
    let lost = folder.file("missing").join("app.db");
    assert!(refused(&lost).to_string().contains("folder"));
    assert!(!lost.exists());
    assert!(!Path::new(":memory:").exists() && !Path::new("file:app.db").exists());
}

#[test]
fn file_of_another_application_is_refused_untouched() {
    let folder = Folder::new();
    let text = folder.file("notes.txt");
    std::fs::write(
        &text,
        "not a database, and longer than the header of one: ".repeat(9),
    )
    .unwrap();
    let short = folder.file("short");
    std::fs::write(&short, "x").unwrap();

    let small = folder.file("small.db");
    let connection = Connection::open(&small).unwrap();
    connection
        .execute_batch("CREATE TABLE users (id TEXT); INSERT INTO users VALUES ('ada')")
        .unwrap();
    drop(connection);

    // More tables than the names of fit on a page.
    let large = folder.file("large.db");
    let connection = Connection::open(&large).unwrap();
    for n in 0..200 {
        let table = format!(
            "CREATE TABLE table_{n} (id TEXT, text_{} TEXT)",
            "x".repeat(90)
        );
        connection.execute_batch(&table).unwrap();
    }
    drop(connection);

    // Everything is in the log of another process.
    let logged = folder.file("logged.db");
    let writer = Connection::open(&logged).unwrap();
    writer.pragma_update(None, "journal_mode", "WAL").unwrap();
    writer
        .execute_batch("CREATE TABLE users (id TEXT)")
        .unwrap();

    // No tables yet, and the mark of its application.
    let marked = folder.file("marked.db");
    let connection = Connection::open(&marked).unwrap();
    connection
        .pragma_update(None, "application_id", 0x1234)
        .unwrap();
    drop(connection);

    let before = folder.contents();
    for file in [&text, &short] {
        assert!(refused(file).to_string().contains("not a database"));
    }
    for file in [&small, &large, &logged, &marked] {
        let e = refused(file);
        assert!(e.to_string().contains("another application"), "{e}");
    }
    assert_eq!(folder.contents(), before);
}

#[tokio::test]
async fn own_file_is_opened_again() {
    let folder = Folder::new();
    let file = folder.file("app.db");
    std::fs::write(&file, "").unwrap();
    let first = Db::embedded_at(&file).unwrap();
    first.create_table::<Note>().await.unwrap();
    Note { id: 1 }.create().send(&first).await.unwrap();
    // While everything may be in the log, and after it was closed.
    for _ in 0..2 {
        let again = Db::embedded_at(&file).unwrap();
        assert_eq!(Note::scan().count(&again).await.unwrap(), 1);
    }
    drop(first);
    let again = Db::embedded_at(&file).unwrap();
    assert_eq!(Note::scan().count(&again).await.unwrap(), 1);
}

#[test]
fn relative_path_is_resolved_at_once() {
    let db = Db::embedded_at("target/never-opened.db");
    let exists = Path::new("target").is_dir();
    assert_eq!(db.is_ok(), exists);
}

#[tokio::test]
async fn locked_file_blocks_no_thread_of_the_runtime() {
    let folder = Folder::new();
    let file = folder.file("app.db");
    let db = Db::embedded_at(&file).unwrap();
    db.create_table::<Note>().await.unwrap();
    drop(db);
    tokio::time::sleep(Duration::from_millis(200)).await;

    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = Instant::now();
    let db = Db::embedded_at(&file).unwrap();
    assert!(started.elapsed() < Duration::from_millis(500));
    // The runtime has this thread alone: it goes on while the request waits for the lock.
    let release = async {
        for _ in 0..20 {
            let step = Instant::now();
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert!(step.elapsed() < Duration::from_secs(2), "blocked");
        }
        other.execute_batch("COMMIT").unwrap();
    };
    let (stored, ()) = tokio::join!(Note { id: 1 }.create().send(&db), release);
    stored.unwrap();
}

#[tokio::test]
async fn file_that_cannot_be_created_fails_the_operation_once() {
    let folder = Folder::new();
    let inner = folder.file("inner");
    std::fs::create_dir(&inner).unwrap();
    let db = Db::embedded_at(inner.join("app.db")).unwrap();
    std::fs::remove_dir(&inner).unwrap();
    let e = Note::get(1_u64).send(&db).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Embedded, "{e}");
    assert!(e.to_string().contains("cannot be opened"), "{e}");
    assert_eq!(e.attempts(), 1);
}

#[tokio::test]
async fn full_disk_is_not_retried() {
    let (db, faults) = faults::db().await;
    let body = r#"{"__type":"dynamodel#EmbeddedDatabaseException","message":"the disk is full"}"#;
    faults.always("PutItem", Fault::Error(400, body.into()));
    let e = Note { id: 1 }.put().send(&db).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Embedded, "{e}");
    assert_eq!(e.attempts(), 1, "{e}");
    assert!(!e.may_have_happened() && !e.is_retryable());
    assert!(e.to_string().contains("the disk is full"), "{e}");
}
