//! `endpoints`: the ports of the service.

use super::Walk;
use super::fields::Fields;
use crate::keys::{CORS, ENDPOINT};
use crate::limits::MAX_ENDPOINTS;
use crate::source::Node;
use crate::{CorsSettings, Endpoint, Port, Protocol, codes};

impl Walk<'_> {
    pub(super) fn endpoints(&mut self, spec: &Fields<'_>) -> Vec<Endpoint> {
        let items = self.list(spec, "endpoints", MAX_ENDPOINTS);
        let path = spec.path_of("endpoints");
        self.unique("endpoint", &path, items);
        items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.endpoint(item, &format!("{path}[{at}]")))
            .collect()
    }

    fn endpoint(&mut self, item: &Node, path: &str) -> Option<Endpoint> {
        let fields = self.fields(item, path, &ENDPOINT)?;
        let name = self.name(&fields, "an endpoint");
        // What could not be read has its own finding; no rule about it is worth a second one.
        let public = match fields.has("public") {
            true => self.boolean(&fields, "public"),
            false => Some(false),
        };
        let protocol = self.protocol(&fields);
        let port = self.endpoint_port(&fields);
        let cors = self.cors(&fields, public);
        if let (Some(public), Some(protocol)) = (public, protocol) {
            self.agree(&fields, public, protocol);
        }
        Some(Endpoint {
            name: name?,
            port: port?,
            public: public?,
            protocol: protocol?,
            cors,
        })
    }

    /// The rules between protocol, publicity and range.
    fn agree(&mut self, fields: &Fields<'_>, public: bool, protocol: Protocol) {
        // Beside a port the range is wrong whatever else is written.
        let ranged = fields.get("portRange").filter(|_| !fields.has("port"));
        if let Some(node) = ranged.filter(|_| public || protocol != Protocol::Tcp) {
            let path = fields.path_of("portRange");
            let message = "a range of ports needs `protocol: TCP` and must not be public";
            self.error(codes::RANGE_NEEDS_TCP, &path, &node.range, message)
                .hint = Some(match (public, protocol) {
                (true, Protocol::Tcp) => "remove `public: true`".to_owned(),
                (true, _) => "remove `public: true`, and write `protocol: TCP`".to_owned(),
                (false, _) => "write `protocol: TCP`".to_owned(),
            });
        } else if public && protocol != Protocol::Http {
            let path = fields.path_of("public");
            let message = "a public endpoint needs `protocol: HTTP`";
            let range = fields.range("public");
            self.error(codes::PUBLIC_NEEDS_HTTP, &path, range, message)
                .hint = Some("remove `protocol: TCP`, or `public: true`".to_owned());
        }
    }

    fn protocol(&mut self, fields: &Fields<'_>) -> Option<Protocol> {
        let Some(node) = fields.get("protocol") else {
            return Some(Protocol::Http);
        };
        let path = fields.path_of("protocol");
        if node
            .value
            .scalar()
            .is_some_and(|text| text.eq_ignore_ascii_case("HTTPS"))
        {
            // Encryption ends before the service, which sees plain HTTP either way.
            self.loose(node, &path, "write `HTTP`, the present name");
            return Some(Protocol::Http);
        }
        self.one_of(node, &path, Protocol::WORDS)
    }

    fn cors(&mut self, endpoint: &Fields<'_>, public: Option<bool>) -> Option<CorsSettings> {
        let fields = self.below(endpoint, "corsSettings", &CORS)?;
        if public == Some(false) {
            let path = endpoint.path_of("corsSettings");
            let message =
                "browsers reach public endpoints only, so this one takes no CORS settings";
            self.error(
                codes::CORS_NEEDS_PUBLIC,
                &path,
                endpoint.range("corsSettings"),
                message,
            )
            .hint = Some("add `public: true`, or remove `corsSettings`".to_owned());
        }
        let name = "Access-Control-Allow-Origin";
        self.required(&fields, name);
        let origins = self.texts(&fields, name, "[\"https://example.com\"]");
        let path = fields.path_of(name);
        for (at, item) in fields.items(name).iter().enumerate() {
            self.origin(item, &format!("{path}[{at}]"));
        }
        if origins.as_ref().is_some_and(Vec::is_empty) {
            let message = format!("`{name}` needs at least one origin");
            self.error(codes::BAD_ORIGIN, &path, fields.range(name), message);
        }
        let allow_methods = self.header(&fields, "Access-Control-Allow-Methods", "[GET, POST]");
        let allow_headers = self.header(&fields, "Access-Control-Allow-Headers", "[X-Header]");
        let expose_headers = self.header(&fields, "Access-Control-Expose-Headers", "[X-Header]");
        Some(CorsSettings {
            allow_origin: origins?,
            allow_methods,
            allow_headers,
            expose_headers,
        })
    }

    /// A list that becomes the value of a header.
    fn header(&mut self, cors: &Fields<'_>, name: &str, example: &str) -> Option<Vec<String>> {
        let texts = self.texts(cors, name, example);
        let path = cors.path_of(name);
        for (at, item) in cors.items(name).iter().enumerate() {
            // NUL has its finding already.
            let bad = |c: char| c != '\0' && !matches!(c, ' '..='~');
            if item.value.scalar().is_some_and(|text| text.contains(bad)) {
                let path = format!("{path}[{at}]");
                let message = "a header holds visible ASCII characters only";
                self.error(codes::BAD_TEXT, &path, &item.range, message);
            }
        }
        texts
    }

    /// A scheme, a host and perhaps a port: what browsers send as `Origin` (RFC 6454).
    fn origin(&mut self, node: &Node, path: &str) {
        let Some(text) = node.value.scalar() else {
            return;
        };
        let problem = if text.contains('*') {
            "`*` is not allowed: it would let pages of every origin act for the user"
        } else if is_origin(text) {
            return;
        } else if is_origin(text.trim_end_matches('/')) {
            "an origin has no path, not even `/`"
        } else {
            "an origin is a scheme, a host and perhaps a port, without a path"
        };
        self.error(codes::BAD_ORIGIN, path, &node.range, problem)
            .hint = Some("write for example `https://example.com`".to_owned());
    }

    fn endpoint_port(&mut self, fields: &Fields<'_>) -> Option<Port> {
        match (fields.get("port"), fields.get("portRange")) {
            (Some(port), None) => self.port(port, &fields.path_of("port")).map(Port::Single),
            (None, Some(range)) => self.port_range(range, &fields.path_of("portRange")),
            (None, None) => {
                let message = "the endpoint needs `port` or `portRange`";
                self.error(codes::PORT_OR_RANGE, &fields.path, &fields.place, message);
                None
            }
            (Some(_), Some(range)) => {
                let path = fields.path_of("portRange");
                let message = "an endpoint has either `port` or `portRange`, not both";
                self.error(codes::PORT_OR_RANGE, &path, &range.range, message);
                None
            }
        }
    }

    pub(super) fn port(&mut self, node: &Node, path: &str) -> Option<u16> {
        let number = self.number(node, path, codes::BAD_PORT, 1..=u32::from(u16::MAX))?;
        u16::try_from(number).ok()
    }

    fn port_range(&mut self, node: &Node, path: &str) -> Option<Port> {
        let text = self.text(node, path)?;
        let port = |part: &str| -> Option<u16> {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .then(|| part.parse().ok())
                .flatten()
                .filter(|port| *port > 0)
        };
        let range = text
            .split_once('-')
            .and_then(|(low, high)| Some((port(low.trim())?, port(high.trim())?)))
            .filter(|(low, high)| low <= high);
        if range.is_none() {
            let message = "a range of ports is written `first-last`, each from 1 to 65535";
            self.error(codes::BAD_PORT, path, &node.range, message).hint =
                Some("write for example `29501-29600`".to_owned());
        }
        if let Some((low, high)) = range.filter(|(low, high)| text != format!("{low}-{high}")) {
            self.loose(node, path, &format!("write `{low}-{high}`"));
        }
        range.map(|(low, high)| Port::Range(low, high))
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else {
        return false;
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let number = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let named = !host.is_empty()
        && !host.starts_with('.')
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    let good = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => named,
    };
    good && port.is_none_or(number)
}
