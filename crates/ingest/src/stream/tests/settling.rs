//! Queues that were set up a moment ago.

use super::*;

const SETTLING: Duration = Duration::from_secs(300);

fn start(marks: Marks, queue: Option<QueueStart>) -> (Stream, Vec<Command>) {
    let mut settings = Settings::new("/in", b"in/");
    settings.settling = SETTLING;
    let mut stream = Stream::new(settings);
    let input = Input::Joined {
        marks: Box::new(marks),
        queue,
    };
    let commands = stream.decide(input, at(1));
    (stream, commands)
}

fn is_noted(commands: &[Command]) -> bool {
    commands.iter().any(|command| {
        matches!(
            command,
            Command::Mark(Mark::Polled { .. } | Mark::QueueBack)
        )
    })
}

#[test]
fn a_young_queue_is_listed_once_more_when_it_is_settled_and_is_not_noted_before() {
    let mut marks = marks();
    (marks.queue, marks.backfill_started) = (None, None);
    let (mut stream, commands) = start(marks.clone(), None);
    assert!(commands.contains(&Command::SetUpQueue), "{commands:?}");
    let commands = stream.decide(Input::QueueReady(queue()), at(2));
    assert_eq!(requested(&commands), Some(ListingReason::Initial));
    let commands = stream.decide(Input::ListingRequested, at(3));
    assert!(commands.contains(&receive_ten()), "it receives meanwhile");
    assert!(!is_noted(&commands), "{commands:?}");
    // Another start meanwhile knows of no queue, and lists.
    let (_, commands) = start(marks, Some(queue()));
    assert_eq!(requested(&commands), Some(ListingReason::Initial));
    assert!(stream.next_wakeup() <= Some(at(302)));
    stream.decide(
        Input::Received {
            asked: at(300),
            arrivals: Vec::new(),
        },
        at(300),
    );
    let commands = stream.decide(Input::Tick, at(302));
    assert_eq!(
        requested(&commands),
        Some(ListingReason::Fallback),
        "{commands:?}"
    );
    assert!(is_noted(&stream.decide(Input::ListingRequested, at(303))));
    assert!(is_noted(&stream.decide(Input::Marked, at(303))), "the poll");
}

#[test]
fn a_queue_that_was_polled_before_is_settled() {
    let (_, commands) = start(marks(), Some(queue()));
    assert!(is_noted(&commands), "{commands:?}");
    assert_eq!(requested(&commands), None);
}
