//! Chance: a generator, and what can be made and changed by it.

/// SplitMix64, and what is counted and decided for a whole history.
pub struct Dice {
    state: u64,
    /// How deep parts may still be put into parts.
    pub depth: usize,
    /// Whether the page gets its view by a patch. If not, markup and styles are such that they are never spliced.
    pub is_built: bool,
    keys: u32,
}

impl Dice {
    /// The dice of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice { state: seed, depth: 3, is_built: false, keys: 0 }
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    /// Happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    /// Another order.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.roll(at + 1));
        }
    }

    /// A key that no other row of the history has.
    fn key(&mut self) -> u32 {
        self.keys += 1;
        self.keys
    }
}

/// What chance makes and changes.
pub trait Vary {
    /// Whether no rows can be in it.
    const IS_VALUE: bool = false;

    /// A new one.
    fn make(dice: &mut Dice) -> Self;
    /// Makes something else of it, mostly something similar.
    fn vary(&mut self, dice: &mut Dice);
}

const TEXTS: [&str; 16] = [
    "",
    "a",
    "b<&>\"'",
    "seven77",
    "eight888",
    " blanks ",
    "\n a line",
    "\r\n",
    "é\u{301}",
    "🦀",
    "two words",
    "null",
    "007",
    "-12",
    "ein längerer Text 🦀 mit Zeichen",
    "a text that is long enough to be kept, so that a change in its middle is told as such 𝒳",
];

impl Vary for String {
    const IS_VALUE: bool = true;

    fn make(dice: &mut Dice) -> String {
        match dice.roll(6) {
            0 => dice.pick(&TEXTS).repeat(1 + dice.roll(6)) + dice.pick(&TEXTS),
            _ => dice.pick(&TEXTS).into(),
        }
    }

    fn vary(&mut self, dice: &mut Dice) {
        let ends: Vec<usize> = self.char_indices().map(|(at, _)| at).chain([self.len()]).collect();
        let (from, to) = (dice.pick(&ends), dice.pick(&ends));
        match dice.roll(5) {
            0 => self.push_str(dice.pick(&TEXTS)),
            1 => self.insert_str(from, dice.pick(&TEXTS)),
            2 => self.replace_range(from.min(to)..from.max(to), dice.pick(&TEXTS)),
            3 => self.truncate(from),
            _ => *self = String::make(dice),
        }
    }
}

impl Vary for bool {
    fn make(dice: &mut Dice) -> bool {
        dice.once_in(2)
    }

    fn vary(&mut self, _: &mut Dice) {
        *self = !*self;
    }
}

impl Vary for i64 {
    const IS_VALUE: bool = true;

    fn make(dice: &mut Dice) -> i64 {
        dice.pick(&[0, 1, 2, 3, 9, 10, -1, 99, 1 << 53, 1 << 54, i64::MAX, i64::MIN])
    }

    fn vary(&mut self, dice: &mut Dice) {
        *self = if dice.once_in(2) { self.wrapping_add(1) } else { i64::make(dice) };
    }
}

impl<T: Vary> Vary for Option<T> {
    fn make(dice: &mut Dice) -> Option<T> {
        if dice.once_in(2) { None } else { Some(T::make(dice)) }
    }

    fn vary(&mut self, dice: &mut Dice) {
        match self {
            Some(held) if !dice.once_in(3) => held.vary(dice),
            Some(_) => *self = None,
            None => *self = Some(T::make(dice)),
        }
    }
}

impl<T: Vary> Vary for Box<T> {
    fn make(dice: &mut Dice) -> Box<T> {
        Box::new(T::make(dice))
    }

    fn vary(&mut self, dice: &mut Dice) {
        (**self).vary(dice);
    }
}

/// A row and its key.
#[derive(Clone)]
pub struct Row<T> {
    /// What it is known by.
    pub key: u32,
    /// What it shows.
    pub held: T,
}

impl<T: Vary> Row<T> {
    fn new(dice: &mut Dice) -> Row<T> {
        Row { key: dice.key(), held: T::make(dice) }
    }
}

impl<T: Vary> Vary for Vec<Row<T>> {
    fn make(dice: &mut Dice) -> Vec<Row<T>> {
        (0..dice.roll(7)).map(|_| Row::new(dice)).collect()
    }

    fn vary(&mut self, dice: &mut Dice) {
        let len = self.len();
        let (from, to) = (dice.roll(len + 1), dice.roll(len + 1));
        let run = from.min(to)..from.max(to);
        match dice.roll(14) {
            0 => drop(self.drain(run)),
            1 => self.retain(|_| !dice.once_in(3)),
            2 => self[run].reverse(),
            3 => dice.shuffle(self),
            4 => self[run].rotate_left(usize::from(from != to)),
            5 | 6 if from < len && to < len => {
                let row = self.remove(from);
                self.insert(to, row);
            }
            7 if from < len && to < len => self.swap(from, to),
            8 => *self = Self::make(dice),
            // A mistake of an application: what is in such rows need not stay the same.
            9 if from < len && T::IS_VALUE => self[from].key = self[0].key,
            10 => {
                // All at once: some go, some move, some come.
                self.retain(|_| !dice.once_in(4));
                dice.shuffle(self);
                for _ in 0..dice.roll(4) {
                    self.insert(dice.roll(self.len() + 1), Row::new(dice));
                }
            }
            11 | 12 => {
                let more: Vec<_> = (0..1 + dice.roll(4)).map(|_| Row::new(dice)).collect();
                drop(self.splice(from..from, more));
            }
            _ => {}
        }
        for row in self {
            if dice.once_in(4) {
                row.held.vary(dice);
            }
        }
    }
}

/// Something of a few fixed things.
macro_rules! one_of {
    ($(#[$doc:meta])* $name:ident: $type:ty = $all:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name(pub $type);

        impl Vary for $name {
            fn make(dice: &mut Dice) -> $name {
                $name(dice.pick(&$all))
            }

            fn vary(&mut self, dice: &mut Dice) {
                *self = $name::make(dice);
            }
        }
    };
}

one_of!(
    /// One of four alternatives.
    Tab: u8 = [0, 1, 2, 3]
);
one_of!(
    /// A style as a browser writes it; none begins like another.
    Style: &'static str = ["color: red;", "width: 3px;", "margin: 1px 2px;", "height: 10%; color: blue;"]
);
one_of!(
    /// Addresses, some of which must not stay as they are.
    Link: &'static str = ["/", "/a?b=1&c=2", "https://example.com/ä", "javascript:alert(1)", "#x", "mailto:a@b.c"]
);

/// Markup.
#[derive(Clone)]
pub struct Markup(pub String);

/// None begins like another, and none is long.
const MARKUP: [&str; 9] = [
    "",
    "<b>bold</b>",
    "plain",
    "a <i>b</i> &amp; c<br>",
    "<ul><li>1<li>2</ul>",
    "<svg><circle r=1 /></svg>",
    "<!--x-->",
    "<p>open",
    "&lt;",
];

impl Vary for Markup {
    fn make(dice: &mut Dice) -> Markup {
        Markup(if dice.is_built {
            (0..dice.roll(4)).map(|_| dice.pick(&MARKUP)).collect()
        } else {
            dice.pick(&MARKUP).into()
        })
    }

    fn vary(&mut self, dice: &mut Dice) {
        if dice.is_built && dice.once_in(2) {
            self.0.push_str(dice.pick(&MARKUP));
        } else {
            *self = Markup::make(dice);
        }
    }
}

/// A state with fields, each of which is made by chance; changes touch about a third of them.
macro_rules! state {
    ($($(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name { $(pub $field: $type),* }

        impl Vary for $name {
            fn make(dice: &mut Dice) -> $name {
                $name { $($field: Vary::make(dice)),* }
            }

            fn vary(&mut self, dice: &mut Dice) {
                $(if dice.once_in(3) { self.$field.vary(dice); })*
            }
        }
    )*};
}
pub(super) use state;
