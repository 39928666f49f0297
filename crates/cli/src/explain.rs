//! `floe explain CODE`.

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of a code, in any case.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, page)| *page)
}

/// Known codes that begin like `code`, for a hint.
pub(crate) fn alike(code: &str) -> Vec<&'static str> {
    let upper = code.to_ascii_uppercase();
    let family = upper
        .rsplit_once('-')
        .map_or(upper.as_str(), |(family, _)| family);
    PAGES
        .iter()
        .map(|(known, _)| *known)
        .filter(|known| known.starts_with(family))
        .collect()
}

/// Prints the page of a code.
pub(crate) fn run(code: &str) -> std::process::ExitCode {
    if let Some(page) = page(code) {
        // A closed pipe downstream is no error.
        let _ = std::io::Write::write_all(&mut std::io::stdout(), page.as_bytes());
        return std::process::ExitCode::SUCCESS;
    }
    eprintln!("error: there is no error code '{code}'");
    let alike = alike(code);
    if !alike.is_empty() {
        eprintln!("help: codes like it: {}", alike.join(", "));
    }
    std::process::ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_begins_with_its_code() {
        assert!(!PAGES.is_empty());
        for (code, page) in PAGES {
            assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        }
    }

    #[test]
    fn a_code_is_found_in_any_case_and_a_wrong_one_gets_its_family() {
        assert!(page("floe-engine-0001").is_some());
        let unknown = ["FLOE", "ENGINE", "9999"].join("-");
        assert!(page(&unknown).is_none());
        assert!(alike(&unknown).contains(&"FLOE-ENGINE-0001"));
    }
}
