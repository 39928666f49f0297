//! `endpoints`: the ports of the service.

use super::Walk;
use super::fields::{Fields, Key, typed, untyped};
use super::limits::MAX_ENDPOINTS;
use crate::source::Node;
use crate::{Endpoint, Port, Protocol, codes};

pub(super) const ENDPOINT: &[Key] = &[
    typed("name"),
    typed("port"),
    typed("portRange"),
    typed("public"),
    typed("protocol"),
    untyped("corsSettings"),
];

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
        let (fields, extras) = self.fields(item, path, ENDPOINT)?;
        let name = self.name(&fields, "an endpoint");
        let public = self.boolean(&fields, "public").unwrap_or(false);
        let protocol = self.protocol(&fields);
        let port = self.endpoint_port(&fields);
        // An unknown protocol has its own finding; no rule about it is worth a second one.
        if let Some(protocol) = protocol {
            self.agree(&fields, public, protocol);
        }
        Some(Endpoint {
            name: name?,
            port: port?,
            public,
            protocol: protocol?,
            extras,
        })
    }

    /// The rules between protocol, publicity and range.
    fn agree(&mut self, fields: &Fields<'_>, public: bool, protocol: Protocol) {
        let ranged = fields.get("portRange");
        if let Some(node) = ranged.filter(|_| public || protocol != Protocol::Tcp) {
            let path = fields.path_of("portRange");
            let message = "a range of ports needs `protocol: TCP` and must not be public";
            self.error(codes::RANGE_NEEDS_TCP, &path, &node.range, message);
        } else if public && protocol != Protocol::Http {
            let path = fields.path_of("public");
            let range = self.range_of(&path);
            self.error(
                codes::PUBLIC_NEEDS_HTTP,
                &path,
                &range,
                "a public endpoint needs `protocol: HTTP`",
            );
        }
    }

    fn protocol(&mut self, fields: &Fields<'_>) -> Option<Protocol> {
        let Some(node) = fields.get("protocol") else {
            return Some(Protocol::Http);
        };
        let path = fields.path_of("protocol");
        let text = self.text(node, &path)?;
        let (protocol, hint) = match text.to_ascii_uppercase().as_str() {
            "HTTP" => (Protocol::Http, "write `HTTP`"),
            // Encryption ends before the service, which sees plain HTTP either way.
            "HTTPS" => (Protocol::Http, "write `HTTP`, the present name"),
            "TCP" => (Protocol::Tcp, "write `TCP`"),
            _ => {
                let shown: String = text.chars().take(20).collect();
                self.error(
                    codes::UNKNOWN_VALUE,
                    &path,
                    &node.range,
                    format!("`{shown}` is not a protocol"),
                )
                .hint = Some("write `HTTP` or `TCP`".to_owned());
                return None;
            }
        };
        if !matches!(text, "HTTP" | "TCP") {
            self.loose(node, &path, hint);
        }
        Some(protocol)
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
        range.map(|(low, high)| Port::Range(low, high))
    }
}
