//! The first listing beside a queue, and pages of which everything is known.

use super::*;
use crate::{Listing, ListingId};

/// A stream that does not want what was there before, at its first start.
fn fresh(queue: Option<QueueStart>) -> (Stream, Vec<Command>) {
    let mut settings = Settings::new("/in", b"in/");
    settings.include_existing = false;
    let mut stream = Stream::new(settings);
    let input = Input::Joined {
        marks: Box::new(Marks::new(marks().founding, at(0))),
        queue,
    };
    let commands = stream.decide(input, at(1));
    (stream, commands)
}

fn read(marks: Marks) -> Input {
    Input::MarksRead(Box::new(marks))
}

#[test]
fn the_first_listing_is_asked_for_once_the_queue_is_there() {
    let (mut stream, commands) = fresh(None);
    assert_eq!(commands[0], Command::SetUpQueue);
    let commands = stream.decide(Input::QueueReady(queue()), at(2));
    assert_eq!(commands, [Command::ReadMarks]);
    let commands = stream.decide(read(Marks::new(marks().founding, at(0))), at(2));
    assert_eq!(requested(&commands), Some(ListingReason::Existing));
}

#[test]
fn a_first_listing_that_others_asked_for_before_the_queue_was_there_is_followed_by_another() {
    for before in [None, Some(queue())] {
        let is_there = before.is_some();
        let (mut stream, mut commands) = fresh(before);
        if !is_there {
            commands = stream.decide(Input::QueueReady(queue()), at(2));
        }
        assert!(commands.contains(&Command::ReadMarks), "{commands:?}");
        let mut others = Marks::new(marks().founding, at(0));
        others.backfill_started = Some(at(1));
        let commands = stream.decide(read(others), at(2));
        assert_eq!(requested(&commands), Some(ListingReason::Fallback));
        let commands = stream.decide(Input::ListingRequested, at(3));
        assert!(
            matches!(commands[0], Command::Mark(Mark::Polled { .. })),
            "{commands:?}"
        );
    }
}

#[test]
fn what_another_consumer_of_the_same_queue_saw_to_is_not_listed_again() {
    let (mut stream, _) = fresh(Some(queue()));
    let commands = stream.decide(read(marks()), at(2));
    assert_eq!(requested(&commands), None);
    assert!(
        matches!(commands[0], Command::Mark(Mark::Polled { .. })),
        "{commands:?}"
    );
}

#[test]
fn marks_that_cannot_be_read_are_read_again_before_anything_is_listed() {
    let (mut stream, _) = fresh(Some(queue()));
    assert_eq!(requested(&stream.decide(Input::MarksNotRead, at(2))), None);
    assert_eq!(stream.next_wakeup(), Some(at(3)));
    assert!(
        stream
            .decide(Input::Tick, at(3))
            .contains(&Command::ReadMarks)
    );
}

/// A consumer with a backfill in hand, which lasts for 100 s without progress.
fn listing(reason: ListingReason) -> Stream {
    let mut settings = Settings::new("/in", b"in/");
    settings.notifications = false;
    settings.lease = Duration::from_secs(100);
    let mut stream = Stream::new(settings);
    let input = Input::Joined {
        marks: Box::new(marks()),
        queue: None,
    };
    stream.decide(input, at(1));
    let listing = Listing {
        id: ListingId(1),
        round: 1,
        reason,
        prefix: b"in/".to_vec(),
        after: None,
    };
    stream.decide(Input::NextListing(Some(listing)), at(1));
    stream.decide(Input::NextBatch(None), at(1));
    stream
}

fn page(last: &str, is_last: bool) -> Input {
    let mut files = file("a").files;
    files.extend(file("b").files);
    Input::Listed(super::super::ListedPage {
        files,
        asks: Vec::new(),
        last: Some(last.as_bytes().to_vec()),
        is_last,
    })
}

fn recorded(commands: &[Command]) -> Option<(usize, bool)> {
    commands.iter().find_map(|command| match command {
        Command::Record {
            discoveries,
            progress,
        } => Some((discoveries.len(), progress.is_some())),
        _ => None,
    })
}

#[test]
fn only_what_is_unknown_is_recorded_of_a_page() {
    let mut stream = listing(ListingReason::Backfill);
    let commands = stream.decide(page("in/1", false), at(2));
    assert!(
        matches!(commands[0], Command::FindUnknown(_)),
        "{commands:?}"
    );
    let commands = stream.decide(Input::UnknownFound(vec![false, true]), at(2));
    assert_eq!(recorded(&commands), Some((1, true)));
}

#[test]
fn a_page_of_which_everything_is_known_costs_no_transaction() {
    let mut stream = listing(ListingReason::Backfill);
    for number in 1..32 {
        stream.decide(page("in/1", false), at(2));
        let commands = stream.decide(Input::UnknownFound(vec![false, false]), at(2));
        assert_eq!(recorded(&commands), None, "{number}");
        assert!(matches!(commands[0], Command::List { .. }), "{commands:?}");
    }
    stream.decide(page("in/1", false), at(2));
    let commands = stream.decide(Input::UnknownFound(vec![false, false]), at(2));
    assert_eq!(
        recorded(&commands),
        Some((0, true)),
        "now and then it is noted"
    );
    stream.decide(Input::Recorded, at(2));
    stream.decide(page("in/1", true), at(2));
    let commands = stream.decide(Input::UnknownFound(vec![false, false]), at(2));
    assert!(
        matches!(commands[0], Command::FinishListing { .. }),
        "{commands:?}"
    );
}

#[test]
fn a_listing_is_held_on_while_its_pages_are_passed_over() {
    let mut stream = listing(ListingReason::Fallback);
    stream.decide(page("in/1", false), at(25));
    let commands = stream.decide(Input::UnknownFound(vec![false, false]), at(25));
    assert_eq!(recorded(&commands), None);
    stream.decide(page("in/1", false), at(26));
    let commands = stream.decide(Input::UnknownFound(vec![false, false]), at(26));
    assert_eq!(
        recorded(&commands),
        Some((0, true)),
        "a quarter of its time is over"
    );
}

#[test]
fn without_an_answer_everything_is_recorded() {
    let mut stream = listing(ListingReason::Backfill);
    stream.decide(page("in/1", false), at(2));
    let commands = stream.decide(Input::UnknownFound(Vec::new()), at(2));
    assert_eq!(recorded(&commands), Some((2, true)));
}

#[test]
fn what_is_listed_for_the_first_time_is_recorded_without_a_question() {
    for reason in [
        ListingReason::Initial,
        ListingReason::Existing,
        ListingReason::Renamed,
    ] {
        let mut stream = listing(reason);
        let commands = stream.decide(page("in/1", false), at(2));
        assert_eq!(recorded(&commands), Some((2, true)), "{reason:?}");
    }
}
