//! Events of the watcher in the form that all clouds share.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use floe_notify::clock::Timestamp;
use floe_notify::{EventCloud, EventKind, MAX_KEY_BYTES, Version, decode_message};
use floe_notify_local::{How, LocalEvent, RescanReason};
use proptest::prelude::*;

fn landed(path: PathBuf, how: How) -> LocalEvent {
    LocalEvent::Landed {
        path,
        how,
        size: 7,
        modified: Timestamp::from_millis(1_000),
        inode: 42,
        seen: Timestamp::from_millis(1_500),
    }
}

#[test]
fn every_way_in_which_a_file_comes_has_its_kind() {
    for (how, kind, name) in [
        (How::Written, EventKind::Created, "written"),
        (How::MovedIn, EventKind::Renamed, "movedIn"),
        (How::Linked, EventKind::Created, "linked"),
        (How::Found, EventKind::Created, "found"),
    ] {
        let event = landed("/in/a.csv".into(), how).to_file_event().unwrap();
        assert_eq!((event.cloud, event.kind), (EventCloud::Local, kind));
        assert_eq!(event.operation.as_deref(), Some(name));
        let (inode, modified, size) = (Some(42), Some(1_000), Some(7));
        assert_eq!(
            event.version,
            Version::Local {
                inode,
                modified,
                size
            }
        );
        assert_eq!((event.size, event.time.unwrap().millis()), (size, 1_500));
    }
}

#[test]
fn every_reason_to_list_a_directory_is_told() {
    for (reason, name) in [
        (RescanReason::Started, "started"),
        (RescanReason::Overflow, "overflow"),
        (RescanReason::WatchLimit, "watchLimit"),
        (RescanReason::WatchLost, "watchLost"),
        (RescanReason::QueueDamaged, "queueDamaged"),
    ] {
        let (directory, seen) = ("/in".into(), Timestamp::from_millis(5));
        let event = LocalEvent::RescanNeeded {
            directory,
            reason,
            seen,
        };
        let event = event.to_file_event().unwrap();
        assert_eq!(event.kind, EventKind::RescanNeeded);
        assert_eq!(event.operation.as_deref(), Some(name));
        assert_eq!(event.key.unwrap().as_bytes(), b"/in");
    }
}

#[test]
fn a_path_that_no_key_can_hold_has_no_event() {
    let path = |length| PathBuf::from(format!("/{}", "a".repeat(length - 1)));
    let event = |length| landed(path(length), How::Written).to_file_event();
    assert!(event(MAX_KEY_BYTES).is_some());
    assert!(event(MAX_KEY_BYTES + 1).is_none());
}

proptest! {
    #[test]
    fn any_path_comes_through_the_message_and_back(
        name in prop::collection::vec(1_u8.., 0..64),
    ) {
        let path = PathBuf::from(OsString::from_vec([b"/in/", name.as_slice()].concat()));
        let event = landed(path.clone(), How::Written);
        let message = event.to_message();
        prop_assert_eq!(LocalEvent::parse(message.body()).unwrap(), event.clone());
        // Nobody says that it is local, and nobody has to.
        let attributes = message.attributes();
        let attributes = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let decoded = decode_message(None, message.body(), attributes);
        prop_assert!(decoded.is_complete());
        let converted = event.to_file_event();
        prop_assert_eq!(Some(&decoded.events[0]), converted.as_ref());
        let key = decoded.events[0].key.as_ref().unwrap();
        prop_assert_eq!(key.as_bytes(), path.as_os_str().as_bytes());
    }
}
