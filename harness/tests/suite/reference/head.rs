//! Reads the head of a request and decides on it.

use tungstenite::handshake::derive_accept_key;

use super::bugs::Bug;

const HEAD_LIMIT: usize = 16 << 10;
const FIELD_LIMIT: usize = 100;

/// What an upgraded connection talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    Echo,
    Limited,
    /// In the room of this path.
    Watch(String),
}

pub enum Answer {
    /// `rest` is what came after the head.
    Upgrade {
        reply: String,
        channel: Channel,
        rest: Vec<u8>,
    },
    Refuse {
        reply: String,
        rest: Vec<u8>,
    },
}

pub struct HeadReader {
    bug: Bug,
    bytes: Vec<u8>,
}

struct Request<'a> {
    method: &'a str,
    path: &'a str,
    version: &'a str,
    fields: Vec<(String, &'a str)>,
}

impl HeadReader {
    pub fn new(bug: Bug) -> HeadReader {
        HeadReader { bug, bytes: Vec::new() }
    }

    /// Takes more of the head, and answers once it is complete or cannot become right.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<Answer> {
        self.bytes.extend_from_slice(bytes);
        let mut lenient = Vec::new();
        if self.bug == Bug::BareLineFeedsPass {
            // As if each of them had come with a CR.
            for byte in std::mem::take(&mut self.bytes) {
                if byte == b'\n' && lenient.last() != Some(&b'\r') {
                    lenient.push(b'\r');
                }
                lenient.push(byte);
            }
            self.bytes = lenient;
        }
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let head = &self.bytes[..end.unwrap_or(self.bytes.len())];
        let bare_lf = head.windows(2).any(|two| two[1] == b'\n' && two[0] != b'\r') || head.first() == Some(&b'\n');
        let bare_cr = head.windows(2).any(|two| two[0] == b'\r' && two[1] != b'\n');
        let limit = if self.bug == Bug::SmallHeads { 4 << 10 } else { HEAD_LIMIT };
        let status = if bare_lf || (bare_cr && self.bug != Bug::BareCarriageReturnsPass) {
            400
        } else if head.len() > limit && self.bug != Bug::HeadsUnlimited {
            431
        } else if let Some(end) = end {
            let rest = self.bytes[end + 4..].to_vec();
            let text = String::from_utf8_lossy(head).into_owned();
            return Some(match self.decide(&text) {
                Ok((reply, channel)) => Answer::Upgrade { reply, channel, rest },
                Err(status) => Answer::Refuse { reply: self.refusal(status, text.starts_with("HEAD ")), rest },
            });
        } else {
            return None;
        };
        Some(Answer::Refuse { reply: self.refusal(status, false), rest: self.bytes.clone() })
    }

    fn refusal(&self, status: u16, head: bool) -> String {
        let status = match (status, self.bug) {
            (431, Bug::TooLargeIsMalformed) => 400,
            _ => status,
        };
        let version = match self.bug {
            Bug::NamesNoVersion => "",
            _ if status == 426 => "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n",
            _ => "",
        };
        let body = if head && self.bug != Bug::AnswersHeadWithABody { "" } else { "refused\n" };
        format!("HTTP/1.1 {status} No\r\n{version}Connection: close\r\nContent-Length: 8\r\n\r\n{body}")
    }

    fn parse<'a>(&self, text: &'a str) -> Result<Request<'a>, u16> {
        let bug = self.bug;
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or("");
        let (method, rest) = line.split_once(' ').ok_or(400_u16)?;
        let (path, version) = match bug {
            Bug::AnyPathPasses => rest.rsplit_once(' '),
            _ => rest.split_once(' '),
        }
        .ok_or(400_u16)?;
        let visible = path.bytes().all(|byte| byte.is_ascii_graphic());
        if !method.bytes().all(is_token) || (!visible && bug != Bug::AnyPathPasses) {
            return Err(400);
        }
        let mut fields: Vec<(String, &str)> = Vec::new();
        for line in lines {
            if line.starts_with([' ', '\t']) && bug == Bug::FoldedLinesPass {
                continue;
            }
            let (name, value) = match line.split_once(':') {
                Some(field) => field,
                None if bug == Bug::LinesWithoutColonPass => continue,
                None => return Err(400),
            };
            let name = if bug == Bug::NamesAreTrimmed { name.trim() } else { name };
            if (name.is_empty() || !name.bytes().all(is_token)) && bug != Bug::AnyNamePasses {
                return Err(400);
            }
            if value.bytes().any(|byte| byte < b' ' && byte != b'\t')
                && !matches!(bug, Bug::AnyValuePasses | Bug::BareCarriageReturnsPass)
            {
                return Err(400);
            }
            let value =
                if bug == Bug::ValuesUntrimmed { value.strip_prefix(' ').unwrap_or(value) } else { value.trim() };
            let name = if bug == Bug::NamesHaveCase { name.to_owned() } else { name.to_ascii_lowercase() };
            fields.push((name, value));
        }
        let most = match bug {
            Bug::FewFields => 20,
            Bug::FieldsUnlimited => usize::MAX,
            _ => FIELD_LIMIT,
        };
        if fields.len() > most {
            return Err(431);
        }
        Ok(Request { method, path, version, fields })
    }

    /// The answer to an upgrade and its channel, or the status of a refusal.
    fn decide(&self, text: &str) -> Result<(String, Channel), u16> {
        let bug = self.bug;
        let request = self.parse(text)?;
        let canonical = |name: &str| match (bug, name) {
            (Bug::NamesHaveCase, "host") => "Host".to_owned(),
            (Bug::NamesHaveCase, "upgrade") => "Upgrade".to_owned(),
            (Bug::NamesHaveCase, "connection") => "Connection".to_owned(),
            (Bug::NamesHaveCase, "sec-websocket-key") => "Sec-WebSocket-Key".to_owned(),
            (Bug::NamesHaveCase, "sec-websocket-version") => "Sec-WebSocket-Version".to_owned(),
            _ => name.to_owned(),
        };
        let all = |name: &str| -> Vec<&str> {
            let name = canonical(name);
            request.fields.iter().filter(|(field, _)| *field == name).map(|(_, value)| *value).collect()
        };
        let lists = |name: &str, token: &str| match bug {
            Bug::TokensHaveCase if name == "upgrade" => all(name).contains(&"websocket"),
            Bug::ConnectionIsNoList if name == "connection" => all(name).iter().any(|v| v.eq_ignore_ascii_case(token)),
            Bug::ValuesUntrimmed => all(name).iter().any(|value| value.eq_ignore_ascii_case(token)),
            _ => all(name).iter().flat_map(|v| v.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token)),
        };
        match request.version {
            "HTTP/1.1" => {}
            "HTTP/1.0" if bug == Bug::OldHttpPasses => {}
            _ if bug == Bug::AnyHttpPasses => {}
            "HTTP/1.0" => return Err(505),
            _ => return Err(400),
        }
        if all("host").len() != 1 && bug != Bug::AnyHostPasses {
            return Err(400);
        }
        let body = all("content-length").iter().any(|length| *length != "0") || !all("transfer-encoding").is_empty();
        let path = match bug {
            Bug::QueryBelongsToThePath => request.path,
            _ => request.path.split('?').next().unwrap_or(""),
        };
        let known = match bug {
            Bug::EveryPathIsAChannel => true,
            Bug::PathsAreBeginnings => path.starts_with("/echo") || path == "/limited",
            _ => matches!(path, "/echo" | "/limited" | "/watch"),
        };
        if !known && bug == Bug::ServesAnything {
            return Err(200);
        }
        if !known {
            return Err(404);
        }
        if body && bug != Bug::BodiesPass {
            return Err(400);
        }
        if request.method != "GET" && bug != Bug::AnyMethodPasses {
            return Err(405);
        }
        if !lists("upgrade", "websocket") && bug != Bug::AnyUpgradePasses {
            return Err(426);
        }
        if bug == Bug::OrderMatters && request.fields.get(1).is_none_or(|(name, _)| name != "upgrade") {
            return Err(400);
        }
        if !lists("connection", "upgrade") && !matches!(bug, Bug::AnyConnectionPasses | Bug::AnyUpgradePasses) {
            return Err(400);
        }
        let version = all("sec-websocket-version");
        if version != ["13"] && !matches!(bug, Bug::AnyVersionPasses | Bug::AnyUpgradePasses) {
            return Err(if version.is_empty() { 400 } else { 426 });
        }
        let keys = all("sec-websocket-key");
        let key = keys.first().copied().unwrap_or("");
        let good = key.len() == 24 && key.ends_with("==") && key[..22].bytes().all(is_base64);
        if !good && !matches!(bug, Bug::AnyKeyPasses | Bug::AnyUpgradePasses)
            || keys.len() > 1 && bug != Bug::ManyKeysPass
        {
            return Err(400);
        }
        let key = if bug == Bug::AnswersEveryKeyAlike { "dGhlIHNhbXBsZSBub25jZQ==" } else { key };
        let accept = match bug {
            Bug::RepeatsTheKey => key.to_owned(),
            _ => derive_accept_key(key.as_bytes()),
        };
        let more = match bug {
            Bug::AgreesToAProtocol => "Sec-WebSocket-Protocol: chat\r\n".to_owned(),
            Bug::AgreesToExtensions => {
                all("sec-websocket-extensions").iter().map(|e| format!("Sec-WebSocket-Extensions: {e}\r\n")).collect()
            }
            _ => String::new(),
        };
        let reply = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
        );
        let channel = match path {
            "/limited" => Channel::Limited,
            "/watch" => Channel::Watch(request.path.to_owned()),
            _ => Channel::Echo,
        };
        Ok((reply, channel))
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/".contains(&byte)
}
