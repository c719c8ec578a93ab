//! What was said in a chat room, for those who come later or come back.

use std::collections::VecDeque;
use std::sync::Arc;

/// So much of it is kept.
const MOST: usize = 200;

/// The latest that was said in a room. A clone is cheap.
#[derive(Clone, Default)]
pub struct Conversation {
    lines: VecDeque<Arc<Line>>,
    said: u64,
}

/// What somebody said.
pub struct Line {
    /// Their name, or what stands for one.
    pub name: String,
    /// Whose, as a connection, it was.
    pub user_id: String,
    /// The browser session that it came from, if it was said on a page.
    pub session: Option<String>,
    /// What they said.
    pub text: String,
    /// When.
    pub timestamp: String,
}

impl Conversation {
    /// Something more is said. The oldest goes, if there is too much.
    pub fn say(&mut self, line: Line) {
        self.said += 1;
        self.lines.push_back(Arc::new(line));
        if self.lines.len() > MOST {
            self.lines.pop_front();
        }
    }

    /// What was said, each with its number, the oldest first.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &Line)> {
        (self.said - self.lines.len() as u64..).zip(self.lines.iter().map(|line| &**line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_lines_are_kept_with_their_numbers() {
        let mut conversation = Conversation::default();
        for n in 0..MOST + 7 {
            let nobody = String::new();
            let (name, user_id, timestamp) = (nobody.clone(), nobody.clone(), nobody);
            conversation.say(Line { name, user_id, session: None, text: n.to_string(), timestamp });
        }
        assert_eq!(conversation.lines().count(), MOST);
        assert!(conversation.lines().all(|(number, line)| line.text == number.to_string()));
        assert_eq!(conversation.lines().next().map(|(number, _)| number), Some(7));
    }
}
