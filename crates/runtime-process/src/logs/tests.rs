use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

fn cut(chunks: &[&[u8]]) -> String {
    let mut cutter = LineCutter::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        lines.extend(cutter.cut(chunk, Stream::Out, NOW));
    }
    lines.extend(cutter.finish(Stream::Out, NOW));
    let text = String::from_utf8(lines).unwrap();
    text.lines()
        .map(|line| format!("{}|", without_stamp(line)))
        .collect()
}

fn log_in(directory: &tempfile::TempDir) -> (PathBuf, SharedLog) {
    let path = directory.path().join("S/0/main.log");
    (path.clone(), LogFiles::at(path))
}

fn print(log: &SharedLog, line: &str) {
    let mut cutter = LineCutter::default();
    let lines = cutter.cut(format!("{line}\n").as_bytes(), Stream::Out, NOW);
    lock(log).append(&lines);
}

#[test]
fn a_line_on_disk_has_its_time_and_stream() {
    let lines = LineCutter::default().cut(b"hello\n", Stream::Error, NOW);
    assert_eq!(lines, b"2025-01-01T00:00:00.000Z E hello\n");
}

#[test]
fn lines_are_cut_wherever_the_chunks_end() {
    assert_eq!(cut(&[b"a\nb", b"c\n\nd"]), "a|bc||d|");
    assert_eq!(cut(&[b"windows\r\nx\ry\n"]), "windows|x\ry|");
    assert_eq!(cut(&[b"", b""]), "");
}

#[test]
fn invalid_characters_are_replaced() {
    assert_eq!(cut(&[b"a\xffb\n"]), "a\u{fffd}b|");
    assert_eq!(
        cut(&["é".as_bytes().split_at(1).0, "é\n".as_bytes().split_at(1).1]),
        "é|"
    );
}

#[test]
fn a_line_that_is_too_long_is_cut_with_a_mark_between_characters() {
    let exact = "x".repeat(LINE_LIMIT);
    assert_eq!(cut(&[exact.as_bytes(), b"\n"]), format!("{exact}|"));
    assert_eq!(
        cut(&[exact.as_bytes(), b"y", b"y\nz\n"]),
        format!("{exact}{CUT_MARK}|z|")
    );
    let split = format!("{}é", "x".repeat(LINE_LIMIT - 1));
    let whole = "x".repeat(LINE_LIMIT - 1);
    assert_eq!(
        cut(&[split.as_bytes(), b"\n"]),
        format!("{whole}{CUT_MARK}|")
    );
}

#[test]
fn the_newest_lines_are_returned_across_both_files_within_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let (path, log) = log_in(&directory);
    let filler = "x".repeat(1_000);
    for number in 0..3_000 {
        print(&log, &format!("{number} {filler}"));
    }
    for file in [path.clone(), older(&path)] {
        let size = fs::metadata(&file).unwrap().len();
        assert!(size > 0 && size <= FILE_LIMIT, "{}: {size}", file.display());
    }
    let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 2, "output is bounded on disk");

    let text = lock(&log).newest(None).unwrap();
    assert!(text.len() <= LOG_BYTES && text.len() > LOG_BYTES - 2_000);
    assert!(text.ends_with(&format!("2999 {filler}\n")));
    let two = lock(&log).newest(Some(2)).unwrap();
    assert_eq!(two, format!("2998 {filler}\n2999 {filler}\n"));
}

#[test]
fn output_is_appended_behind_what_an_earlier_attempt_left() {
    let directory = tempfile::tempdir().unwrap();
    let (path, log) = log_in(&directory);
    print(&log, "first");
    fs::write(
        &path,
        [fs::read(&path).unwrap(), b"cut sho".to_vec()].concat(),
    )
    .unwrap();
    let (_, log) = log_in(&directory);
    print(&log, "second");
    assert_eq!(lock(&log).newest(None).unwrap(), "first\ncut sho\nsecond\n");
}

#[test]
fn output_of_a_container_that_never_printed_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let (_, log) = log_in(&directory);
    assert_eq!(lock(&log).newest(None).unwrap(), "");
}

#[test]
fn an_unwritable_place_loses_lines_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let (path, log) = log_in(&directory);
    fs::write(directory.path().join("S"), "in the way").unwrap();
    print(&log, "lost");
    assert!(lock(&log).failing);
    fs::remove_file(directory.path().join("S")).unwrap();
    print(&log, "kept");
    assert!(!lock(&log).failing);
    assert!(path.exists());
    assert_eq!(lock(&log).newest(None).unwrap(), "kept\n");
}

#[test]
fn the_services_that_printed_least_recently_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..SERVICES_LIMIT + 3 {
        let instance = directory.path().join(format!("S{number}/0"));
        fs::create_dir_all(&instance).unwrap();
        // The oldest are the highest numbers here, so that names do not decide.
        let age = std::time::Duration::from_secs(u64::try_from(number).unwrap());
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000) - age;
        for path in [instance.as_path(), instance.parent().unwrap()] {
            File::open(path).unwrap().set_modified(time).unwrap();
        }
    }
    forget_oldest(directory.path()).unwrap();
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        SERVICES_LIMIT
    );
    assert!(directory.path().join("S0").exists());
    assert!(!directory.path().join(format!("S{SERVICES_LIMIT}")).exists());
}
