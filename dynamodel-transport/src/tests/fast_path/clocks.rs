//! Days that end, and clocks that are wrong.

use super::super::PutItem;
use super::super::fake::StoppedClock;
use super::*;
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

#[tokio::test]
async fn a_new_day_has_a_new_key() {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    let config = || fake.config().time_source(clock.clone());
    let transport = open(config());
    let sdk = plain(config());
    // 08:53:20; in between it is midnight.
    for hours in [1, 14, 1, 24, 24 * 80] {
        clock.advance(Duration::from_secs(hours * 3_600));
        for transport in [&transport, &sdk] {
            call::<PutItem>(transport).await.unwrap();
        }
        let [ours, theirs] = [2, 1].map(|back| fake.sent().remove(fake.sent().len() - back));
        assert_eq!(authorization(&ours), authorization(&theirs));
    }
    assert_eq!(counts(&transport), (5, 0));
}

/// The same, a second apart around midnight.
#[tokio::test]
async fn midnight_is_met_to_the_second() {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    let transport = open(fake.config().time_source(clock.clone()));
    let midnight = 15 * 3_600 + 6 * 60 + 40;
    clock.advance(Duration::from_secs(midnight - 2));
    for _ in 0..4 {
        call::<PutItem>(&transport).await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    for (sent, second) in fake.sent().iter().zip(["58Z", "59Z", "00Z", "01Z"]) {
        let date = sent.header("x-amz-date").unwrap();
        assert!(date.ends_with(second), "{date}");
        let scope = format!("Credential=AKID/{}/eu-central-1/dynamodb", &date[..8]);
        assert!(authorization(sent).contains(&scope));
    }
    assert_eq!(counts(&transport), (4, 0));
}

/// A client whose clock is an hour behind.
async fn dates(correct: bool) -> (Transport, Vec<String>, Vec<u32>) {
    let now = DateTime::from(StoppedClock.now() + Duration::from_secs(3_600));
    let date = now.fmt(Format::HttpDate).unwrap();
    let skewed = Step::error("RequestTimeTooSkewed").with("date", &date);
    let good = Step::ok("{}").with("date", &date);
    let fake = Fake::new([skewed, good]);
    let config = fake.config().time_source(StoppedClock);
    let transport = open(config.disable_clock_skew_correction(!correct));
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let sent = call::<PutItem>(&transport).await;
        attempts.push(sent.map_or_else(|failure| failure.attempts, |response| response.attempts));
    }
    let sent = fake.sent();
    let date = |sent: &Sent| sent.header("x-amz-date").unwrap().to_owned();
    let dates = sent.iter().map(date).collect();
    (transport, dates, attempts)
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once() {
    let (transport, dates, attempts) = dates(true).await;
    assert_eq!(attempts, [2, 1, 1]);
    let (ours, theirs) = ("20251009T085320Z", "20251009T095320Z");
    assert_eq!(dates, [ours, theirs, theirs, theirs]);
    assert_eq!(counts(&transport), (2, 1));
}

/// The clock is an hour behind, and at the service it is the next day.
#[tokio::test]
async fn the_day_is_that_of_the_service() {
    let clock = Clock::new();
    // The time is 23:30.
    clock.advance(Duration::from_secs(14 * 3_600 + 36 * 60 + 40));
    let date = "Fri, 10 Oct 2025 00:30:00 GMT";
    let skewed = Step::error("RequestTimeTooSkewed").with("date", date);
    let fake = Fake::new([skewed, Step::ok("{}").with("date", date)]);
    let transport = open(fake.config().time_source(clock));
    for _ in 0..3 {
        call::<PutItem>(&transport).await.unwrap();
    }
    let sent = fake.sent();
    let (ours, theirs) = ("20251009T233000Z", "20251010T003000Z");
    assert_eq!(sent.len(), 4);
    for (sent, expected) in sent.iter().zip([ours, theirs, theirs, theirs]) {
        assert_eq!(sent.header("x-amz-date"), Some(expected));
        let scope = format!("Credential=AKID/{}/", &expected[..8]);
        assert!(authorization(sent).contains(&scope), "{sent:?}");
    }
    assert_eq!(counts(&transport), (2, 1));
}

#[tokio::test]
async fn a_wrong_clock_is_left_alone_where_the_client_says_so() {
    let (_, dates, attempts) = dates(false).await;
    assert_eq!(attempts, [1, 1, 1]);
    assert_eq!(dates, ["20251009T085320Z"; 3]);
}
