//! As much XML as the bodies of these services need: elements without namespaces, none of which
//! holds one of its own name.

/// What is within the elements of a name, in order.
pub(super) fn elements<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once(&open) {
        rest = behind;
        let Some((attributes, behind)) = behind.split_once('>') else {
            break;
        };
        // Another name that begins alike, or an element without anything in it.
        if !attributes.is_empty() && !attributes.starts_with(' ') || attributes.ends_with('/') {
            continue;
        }
        let Some((inner, behind)) = behind.split_once(&close) else {
            break;
        };
        found.push(inner);
        rest = behind;
    }
    found
}

/// What is within the first element of a name, unescaped; empty when there is none.
pub(super) fn text(within: &str, name: &str) -> String {
    let first = elements(within, name).first().copied().unwrap_or_default();
    let mut text = first.to_owned();
    for (escaped, plain) in [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        // The last one, or what it uncovers would be unescaped again.
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{elements, text};

    #[test]
    fn elements_are_told_from_those_whose_name_begins_alike() {
        let xml = "<TopicConfiguration><Topic>a</Topic></TopicConfiguration>\
                   <Topic x=\"1\">b&amp;lt;</Topic><Topic/>";
        assert_eq!(elements(xml, "Topic"), ["a", "b&amp;lt;"]);
        assert_eq!(text(xml, "TopicConfiguration"), "<Topic>a</Topic>");
        assert_eq!(text("<A>x</A>", "B"), "");
        assert_eq!(text("<B>b&amp;lt;</B>", "B"), "b&lt;");
    }
}
