//! A text of twelve paragraphs.

use super::random::Random;
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Article {
    paragraphs: Vec<String>,
    likes: u32,
}

impl Model for Article {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            article {
                h1 { ("On patches") }
                @for (at, paragraph) in self.paragraphs.iter().enumerate() key=(at) { p { (paragraph) } }
                footer { button data-click="like" { "♥ " (self.likes) } }
            }
        })
    }
}

pub fn cases(random: &mut Random) -> Vec<Case> {
    let before = Article { paragraphs: (0..12).map(|_| random.sentence(90)).collect(), likes: 99 };
    let mut edited = before.clone();
    let mut words: Vec<&str> = before.paragraphs[5].split(' ').collect();
    words[44] = "astonishingly";
    edited.paragraphs[5] = words.join(" ");
    vec![
        Case::new("article_word", &before, edited),
        Case::new("article_like", &before, Article { likes: 100, ..before.clone() }),
    ]
}
