//! Who is let down when something goes or changes.

/// What callers rely on in a field; with the name of the endpoint or role it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Breaks {
    /// Nobody outside the service sees it.
    Nobody,
    /// The endpoint itself.
    Endpoint(String),
    /// The port of an endpoint.
    Port(String),
    /// That an endpoint can be reached from outside.
    Public(String),
    /// What an endpoint speaks.
    Protocol(String),
    /// An origin whose pages may call an endpoint.
    Origin(String),
    /// A method that pages of other origins may use.
    Method(String),
    /// A header that pages of other origins may send.
    Sent(String),
    /// A header that pages of other origins may read.
    Read(String),
    /// The service role itself.
    Role(String),
    /// An endpoint of a service role.
    RoleEndpoint(String),
    /// That requests carry the caller's token.
    Caller,
}

impl Breaks {
    /// Who is let down when the field had one value and now has another, or none.
    pub(super) fn told(&self, before: &str, after: Option<&str>) -> Option<String> {
        let value = super::cut(before);
        let withdrawn = before == "true" && after != Some("true");
        match self {
            Breaks::Nobody => None,
            Breaks::Endpoint(name) => Some(format!(
                "service functions and callers of the endpoint `{name}` fail"
            )),
            Breaks::Port(_) if after.is_some_and(|after| holds(after, before)) => None,
            Breaks::Port(name) => Some(format!(
                "services that call `{name}` by its DNS name and the port {value} fail"
            )),
            Breaks::Public(name) => {
                withdrawn.then(|| format!("the public address of `{name}` goes away"))
            }
            Breaks::Protocol(name) => {
                after.map(|after| format!("callers of `{name}` must speak {after} from now on"))
            }
            Breaks::Origin(name) => Some(format!("pages of {value} can no longer call `{name}`")),
            Breaks::Method(name) => Some(format!(
                "pages of other origins can no longer call `{name}` with {value}"
            )),
            Breaks::Sent(name) => Some(format!(
                "pages of other origins can no longer send `{value}` to `{name}`"
            )),
            Breaks::Read(name) => Some(format!(
                "pages of other origins can no longer read `{value}` from `{name}`"
            )),
            Breaks::Role(name) => Some(format!("grants on the service role `{name}` are lost")),
            Breaks::RoleEndpoint(name) => {
                Some(format!("roles with `{name}` lose the endpoint `{value}`"))
            }
            Breaks::Caller => {
                withdrawn.then(|| "requests no longer carry the caller's token".to_owned())
            }
        }
    }
}

/// Whether one port or range `a-b` has all ports of another.
fn holds(outer: &str, inner: &str) -> bool {
    let bounds = |text: &str| -> Option<(u16, u16)> {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        Some((low.parse().ok()?, high.parse().ok()?))
    };
    match (bounds(outer), bounds(inner)) {
        (Some((low, high)), Some((first, last))) => low <= first && last <= high,
        _ => false,
    }
}
