//! States, and their markup: one of everything that `html!` takes.

use super::dice::{Dice, Link, Markup, Row, Style, Tab, Vary, state};
use lazuli::html::Render;
use lazuli::{Component, html};

/// A part of a page.
#[derive(Clone)]
pub enum Part {
    Plain(Plain),
    Attributes(Attributes),
    Choice(Box<Choice>),
    Lists(Lists),
    Edges(Edges),
    Table(Table),
    Form(Form),
    Drawing(Box<Drawing>),
    Formula(Formula),
    Markups(Markups),
    Frame(Box<Frame>),
    Live(Box<Live>),
}

state! {
    /// Texts.
    struct Plain { title: String, text: String, number: i64, note: Option<String>, money: Tab }
    /// Attributes of all kinds.
    struct Attributes {
        on: bool, off: bool, number: i64, title: Option<String>, text: String, style: Option<Style>, link: Link, tab: Tab,
    }
    /// Alternatives in alternatives.
    struct Choice { a: bool, b: bool, tab: Tab, note: Option<String>, number: i64, inner: Part, other: Option<Part> }
    /// Lists in lists, and beside lists.
    struct Lists { rows: Vec<Row<Item>>, more: Vec<Row<String>>, last: bool, lead: String }
    struct Item { text: String, on: bool, inner: Vec<Row<i64>> }
    /// Rows that begin with texts, that are several nodes, or only alternatives; right in the part.
    struct Edges { texts: Vec<Row<String>>, terms: Vec<Row<Term>>, either: Vec<Row<Term>>, end: bool }
    struct Term { on: bool, word: String, meaning: Option<String> }
    struct Table { caption: Option<String>, columns: Vec<Row<i64>>, bodies: Vec<Row<Body>>, total: Option<i64> }
    struct Body { on: bool, rows: Vec<Row<Cells>> }
    struct Cells { tab: Tab, cells: Vec<Row<String>>, label: String }
    /// What a user can change.
    struct Form {
        text: String, area: String, on: bool, off: bool, number: i64, groups: Vec<Row<Group>>, choices: Vec<Row<Choices>>,
    }
    struct Group { label: String, options: Vec<Row<String>> }
    struct Choices { on: bool, label: String }
    struct Drawing { points: Vec<Row<i64>>, on: bool, title: String, link: Link, words: Vec<Row<String>>, inner: Option<Part> }
    struct Formula { terms: Vec<Row<Term>>, on: bool, number: i64, text: String }
    struct Markups { markup: Markup, other: Option<Markup>, text: String, on: bool }
    /// Parts in parts.
    struct Frame { parts: Vec<Row<Part>>, one: Option<Part>, title: String }
    /// Components in components.
    struct Live { all: Vec<Row<Counter>>, one: Option<Counter>, text: String }
    struct Counter { count: i64, on: bool, inner: Option<Box<Counter>>, part: Option<Part> }
}

impl Vary for Part {
    fn make(dice: &mut Dice) -> Part {
        let depth = dice.depth;
        let kinds = if depth > 0 { 12 } else { 8 };
        dice.depth = depth.saturating_sub(1);
        let part = match dice.roll(kinds) {
            0 => Part::Plain(Vary::make(dice)),
            1 => Part::Attributes(Vary::make(dice)),
            2 => Part::Lists(Vary::make(dice)),
            3 => Part::Edges(Vary::make(dice)),
            4 => Part::Table(Vary::make(dice)),
            5 => Part::Form(Vary::make(dice)),
            6 => Part::Markups(Vary::make(dice)),
            7 => Part::Formula(Vary::make(dice)),
            8 => Part::Drawing(Vary::make(dice)),
            9 => Part::Choice(Vary::make(dice)),
            10 => Part::Frame(Vary::make(dice)),
            _ => Part::Live(Vary::make(dice)),
        };
        dice.depth = depth;
        part
    }

    fn vary(&mut self, dice: &mut Dice) {
        if dice.once_in(8) {
            *self = Part::make(dice);
            return;
        }
        match self {
            Part::Plain(part) => part.vary(dice),
            Part::Attributes(part) => part.vary(dice),
            Part::Choice(part) => part.vary(dice),
            Part::Lists(part) => part.vary(dice),
            Part::Edges(part) => part.vary(dice),
            Part::Table(part) => part.vary(dice),
            Part::Form(part) => part.vary(dice),
            Part::Drawing(part) => part.vary(dice),
            Part::Formula(part) => part.vary(dice),
            Part::Markups(part) => part.vary(dice),
            Part::Frame(part) => part.vary(dice),
            Part::Live(part) => part.vary(dice),
        }
    }
}

/// A part as markup. `data-k` names rows that must stay the same elements while they are there.
pub fn shown(part: &Part) -> Box<dyn Render + '_> {
    match part {
        Part::Plain(part) => Box::new(plain(part)),
        Part::Attributes(part) => Box::new(attributes(part)),
        Part::Choice(part) => Box::new(choice(part)),
        Part::Lists(part) => Box::new(lists(part)),
        Part::Edges(part) => Box::new(edges(part)),
        Part::Table(part) => Box::new(table(part)),
        Part::Form(part) => Box::new(form(part)),
        Part::Drawing(part) => Box::new(drawing(part)),
        Part::Formula(part) => Box::new(formula(part)),
        Part::Markups(part) => Box::new(markups(part)),
        Part::Frame(part) => Box::new(frame(part)),
        Part::Live(part) => Box::new(live(part)),
    }
}

fn optional(part: &Option<Part>) -> Option<Box<dyn Render + '_>> {
    part.as_ref().map(shown)
}

fn plain(Plain { title, text, number, note, money }: &Plain) -> impl Render {
    html! {
        (text)
        h2 title=(title) { "Title: " (title) "!" }
        p { (number) " of " (money.0) ", " (text) " " (note) }
        p { "no " b { (title) } " and " (number + 1) i { } (note) }
        pre { (text) }
        @let twice = format!("{text}{text}");
        p { (twice) br; (twice) }
        hr;
        "end of " (title)
    }
}

fn attributes(Attributes { on, off, number, title, text, style, link, tab }: &Attributes) -> impl Render {
    let (on, off, number) = (*on, *off, *number);
    html! {
        div class="fixed" class:on=(on) class:"w-1/2"=(off) id={"a-" (number)} title=(title) hidden=(on && off) { }
        div class={"tab-" (tab.0)} class:off=(off) style=(style.map(|style| style.0)) data-n=(number) aria-label={(title) ", " (text)} { (number) }
        div class:on=(on) class:off=(off) tabindex=(number) translate=(on) lang=(title) contenteditable=(text) { }
        a href=(link.0) rel=(text) { "link " (link.0) }
        img src={"/missing/" (tab.0)} alt=(title);
        details open=(on) { summary { (title) } "inside" }
        ol start=(number) reversed=(off) { li value=(tab.0) { } }
        my-element some-thing=(text) x-y={(number) "%"} { (text) }
        video muted=(on) controls=(off) { }
        time datetime=(title) { (title) }
    }
}

fn choice(Choice { a, b, tab, note, number, inner, other }: &Choice) -> impl Render {
    let (a, b) = (*a, *b);
    html! {
        @if a { @if b { b { "both" } } @else { "only a " (number) } } @else if b { (number) } @else {}
        @match tab.0 {
            0 => {}
            1 => { p { "one " (note) } p { "more" } }
            2 => { "two " (number) br; }
            _ => { @(shown(inner)) }
        }
        @if let Some(note) = note && a { em title=(note) { (note) } @if b { "!" } }
        div { @if a { "a" } @if b { "b" } @else { i { } } @(optional(other)) "tail" @if !a { u { } } }
        span { @match tab.0 { 0 => { (number) } 1 => { @match b { true => { s { (number) } } false => { (note) } } } _ => {} } }
        @if b { (note) } @if a { (note) }
    }
}

fn lists(Lists { rows, more, last, lead }: &Lists) -> impl Render {
    html! {
        ul class="rows" {
            @for Row { key, held: Item { text, on, inner } } in rows key=(key) {
                li data-k=(key) class:on=(*on) {
                    b { (text) } @if *on { " on " (inner.len()) }
                    ol { @for Row { key, held } in inner key=(key) { li data-k=(key) value=(held) { (held) } } }
                    @for row in inner key=(row.key) { i { (row.held) } }
                }
            }
        }
        div {
            "first " (lead)
            @for Row { key, held } in more key=(key) { b data-k=(key) title=(held) { } "," }
            " second "
            @for Row { key, held } in more key=(key) { i { (key) } u { (held) } }
            @if *last { "last" }
        }
        @for Row { key, held } in more key=(held.len() as u64 * 1_000_000 + u64::from(*key)) { em { (lead) } @if held.len() > 3 { (held) br; } }
    }
}

fn edges(Edges { texts, terms, either, end }: &Edges) -> impl Render {
    html! {
        @for Row { key, held } in texts key=(key) { (held) br; }
        dl {
            @for Row { key, held: Term { on, word, meaning } } in terms key=(key) {
                dt data-k=(key) { (word) }
                @if *on { dd { "on" } }
                dd { (meaning) }
            }
        }
        @for Row { key, held: Term { on, word, meaning } } in either key=(key) {
            @if *on { b data-k=(key) { (word) } } @else { i { (meaning) } u { } }
        }
        @for Row { key, held } in texts key=(key) { q { (held) } (key) }
        @if *end { "end" }
    }
}

fn table(Table { caption, columns, bodies, total }: &Table) -> impl Render {
    html! {
        table {
            @if let Some(caption) = caption { caption { (caption) } }
            colgroup { @for Row { key, held } in columns key=(key) { col data-k=(key) span=(held); } }
            thead { tr { @for Row { key, held } in columns key=(key) { th data-k={"h" (key)} { (held) } } } }
            @for Row { key, held: Body { on, rows } } in bodies key=(key) {
                tbody data-k=(key) class:on=(*on) {
                    @for Row { key, held: Cells { tab, cells, label } } in rows key=(key) {
                        @if tab.0 < 3 {
                            tr data-k=(key) title=(label) { th { (label) } @for Row { key, held } in cells key=(key) { td data-k=(key) { (held) } } }
                        } @else {
                            tr { td colspan=(cells.len()) { (label) } }
                        }
                    }
                }
            }
            @if let Some(total) = total { tfoot { tr { td { "Total: " (total) } } } }
        }
    }
}

fn form(Form { text, area, on, off, number, groups, choices }: &Form) -> impl Render {
    html! {
        form {
            fieldset disabled=(off) {
                input name="a" value=(text) placeholder=(area) readonly=(on);
                input type="checkbox" checked=(on) value=(number);
                @for Row { key, held: Choices { on, label } } in choices key=(key) {
                    label data-k=(key) { input type="checkbox" checked=(on) name={"c" (key)}; (label) }
                }
            }
            textarea rows=(number) { (area) }
            textarea { "about " (text) "." }
            select size=(groups.len()) {
                @for Row { key, held: Group { label, options } } in groups key=(key) {
                    optgroup data-k=(key) label=(label) { @for Row { key, held } in options key=(key) { option data-k=(key) value=(key) { (held) } } }
                }
            }
            select { @for (at, Row { key, held }) in choices.iter().enumerate() key=(key) { option data-k={"o" (key)} value=(key) selected=(at == 1 && held.on) { (held.label) } } }
            datalist { @for Row { key, held } in choices key=(key) { option value=(held.label) { } } }
            button type="button" on:click="save" disabled=(off) { @if *on { "Saving" } @else { "Save " (number) } }
            progress value=(number) max="100" { }
            output { (text) }
        }
    }
}

fn drawing(Drawing { points, on, title, link, words, inner }: &Drawing) -> impl Render {
    html! {
        svg viewBox={"0 0 " (points.len()) " 10"} class="drawing" class:on=(*on) {
            title { (title) }
            defs { linearGradient id="g" gradientTransform={"rotate(" (points.len()) ")"} { } }
            @for Row { key, held } in points key=(key) { circle data-k=(key) r=(held); }
            g { @for Row { key, held } in points key=(key) { @if *on { rect width=(held); } path d={"M0 0L" (held)}; } }
            text { "words: " @for Row { key, held } in words key=(key) { tspan data-k=(key) { (held) } } @if *on { (title) } }
            a xlink:href="#old" href=(link.0) { text { (title) } }
            @if *on { use href=(link.0); } @else { foreignObject { div { p { (title) } @(optional(inner)) } } }
        }
    }
}

fn formula(Formula { terms, on, number, text }: &Formula) -> impl Render {
    html! {
        p {
            "so: "
            math display=(on.then_some("block")) {
                mrow {
                    mn { (number) }
                    @for Row { key, held: Term { on, word, meaning } } in terms key=(key) {
                        mo { "+" } mi data-k=(key) mathvariant=(meaning) { (word) } @if *on { msup { mi { (word) } mn { "2" } } }
                    }
                    @if *on { mtext { (text) } }
                }
                @match terms.len() { 0 => { mi { "e" } } 1 => {} _ => { mfrac { mn { (number) } mn { (terms.len()) } } } }
            }
            " " (text)
        }
    }
}

fn markups(Markups { markup, other, text, on }: &Markups) -> impl Render {
    html! {
        article { @raw(markup.0) }
        p { (markup.0) }
        @if let Some(other) = other { section class:on=(*on) { @raw(other.0) } }
        p title=(text) lang={"x-" (text)} { "before " (text) " after" }
        div { (text) }
    }
}

fn frame(Frame { parts, one, title }: &Frame) -> impl Render {
    html! {
        @for Row { key, held } in parts key=(key) { @(shown(held)) }
        section { h3 { (title) } @(optional(one)) @for Row { key, held } in parts key=(key) { div data-k=(key) { @(shown(held)) } } }
        @(optional(one))
    }
}

fn live(Live { all, one, text }: &Live) -> impl Render {
    html! {
        ul { @for Row { key, held } in all key=(key) { li data-k=(key) { (text) @component(held.clone()) } } }
        @if let Some(one) = one { @component(one.clone()) uses=(one.count) }
        @for Row { key, held } in all key=(key) { @component(held.clone()) }
        p { (text) }
    }
}

impl Component for Counter {
    fn render(&self) -> impl Render {
        let Counter { count, on, inner, part } = self;
        html! {
            h4 { "Count: " (count) }
            @if *on { button type="button" on:click="add" { "+" } } @else { (count) }
            @if let Some(inner) = inner { div { @component((**inner).clone()) } }
            @(optional(part))
        }
    }
}
