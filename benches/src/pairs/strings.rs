//! Pairs of markup that comes as strings: of the parts, written as HTML, or put together from pieces, well or badly.

use super::dice::{Dice, Vary};
use super::parts::{Part, shown};
use lazuli::html::{StringView, to_html};
use serde_json::{Value, json};

/// Not among them: what html5ever nests otherwise than Chromium does (lists in a `desc` of SVG, forms in a table in a `template`), and a `noscript`
/// that is cut in two (see the core's `html::strings`).
#[rustfmt::skip]
const PIECES: [&str; 69] = [
    "<div>", "</div>", "<div class=a>", "<div data-ignore>", "<p>", "</p>", "<p title='x y'>", "<b>", "</b>", "<i>", "</i>",
    "<a href='/1?a=1&amp;b=2'>", "</a>", "<ul>", "</ul>", "<li>", "</li>", "<li id=one>", "<li data-key=two>", "<li key=3>",
    "<table>", "</table>", "<tbody>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=2>", "<caption>", "<col span=2>",
    "<select>", "</select>", "<option value=1>", "<optgroup label=o>", "<form>", "</form>", "<input value='a\"b'>", "<br>",
    "<button>", "<pre>\n", "</pre>", "<textarea>\n\n", "</textarea>", "<title>t</title>", "<template>a<b>b</b></template>", "<template><p>p</p></template>",
    "<noscript><b>n</b></noscript>", "<svg>", "</svg>", "<svg viewBox='0 0 1 1' xlink:href='#a'>", "<circle r=1 />", 
    "<svg><foreignObject><p>x</p></foreignObject></svg>", "<math>", "</math>", "<math><mi>x</mi></math>", "<h1>", "</h2>", "<dl>", "<dt>", "<dd>", "<x-y z:w=1 @c=d>", "<!-- c -->", "text", " ",
    "\n", "&amp;", "&lt;b>", "42", "💎",
];

/// What a string is made of.
enum Source {
    Part(Box<Part>),
    Pieces(Vec<&'static str>),
}

impl Source {
    fn html(&self) -> String {
        match self {
            Source::Part(part) => {
                to_html(&*shown(part)).expect("each part can be rendered").replace(" data-k=", " data-key=")
            }
            // So long that a patch is mostly shorter than the whole.
            Source::Pieces(pieces) => {
                format!("<section>{}</section>", "<p>And so on.</p>".repeat(20)) + &pieces.concat()
            }
        }
    }

    fn vary(&mut self, dice: &mut Dice) {
        match self {
            Source::Part(part) => part.vary(dice),
            Source::Pieces(pieces) => {
                let (at, to) = (dice.roll(pieces.len() + 1), dice.roll(pieces.len() + 1));
                match dice.roll(8) {
                    0..3 => pieces.insert(at, dice.pick(&PIECES)),
                    3 if at < pieces.len() => drop(pieces.remove(at)),
                    4 if at < pieces.len() => {
                        let piece = pieces.remove(at);
                        pieces.insert(to.min(pieces.len()), piece);
                    }
                    5 if at < pieces.len() => pieces[at] = dice.pick(&PIECES),
                    6 => drop(pieces.drain(at.min(to)..at.max(to).min(at.min(to) + 4))),
                    _ => {
                        let copy = pieces[at.min(to)..at.max(to).min(at.min(to) + 4)].to_vec();
                        pieces.splice(to..to, copy);
                    }
                }
            }
        }
    }
}

/// A history of strings: a page, and so many patches of it, one after the other.
pub fn history(seed: u64, steps: usize) -> Value {
    let mut dice = Dice::new(seed);
    dice.is_built = dice.once_in(2);
    let mut source = if dice.once_in(2) {
        Source::Part(Box::new(Part::make(&mut dice)))
    } else {
        Source::Pieces((0..dice.roll(30)).map(|_| dice.pick(&PIECES)).collect())
    };
    let html = source.html();
    let mut view = StringView::new(&html);
    let (old, shape, mut whole) = (view.html(), view.shape(), Vec::new());
    if dice.is_built {
        view.whole(&html, &mut whole);
    }
    let mut all = Vec::new();
    while all.len() < steps {
        source.vary(&mut dice);
        let (new, mut patch) = (source.html(), Vec::new());
        if dice.once_in(25) {
            view.whole(&new, &mut patch);
        } else {
            view.update(&new, &mut patch);
        }
        if !patch.is_empty() {
            all.push(json!({ "patch": String::from_utf8_lossy(&patch), "new": new }));
        }
    }
    json!({
        "name": format!("strings {seed}"),
        "isBuilt": dice.is_built,
        "old": if dice.is_built { html } else { old },
        "shape": shape,
        "components": [],
        "whole": String::from_utf8_lossy(&whole),
        "templates": {},
        "steps": all,
    })
}
