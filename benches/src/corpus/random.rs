//! Where the data comes from: a generator that is easy to write in any language, and words.

/// The generator xorshift64*, whose upper 31 bits are used.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    pub fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    /// So many words.
    pub fn sentence(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.pick(&WORDS)).collect();
        words.join(" ")
    }
}

#[rustfmt::skip]
pub const ADJECTIVES: [&str; 25] = [
    "pretty", "large", "big", "small", "tall", "short", "long", "handsome", "plain", "quaint", "clean", "elegant", "easy",
    "angry", "crazy", "helpful", "mushy", "odd", "unsightly", "adorable", "important", "inexpensive", "cheap", "expensive",
    "fancy",
];

/// One of them is there twice.
pub const COLOURS: [&str; 11] =
    ["red", "yellow", "blue", "green", "pink", "brown", "purple", "brown", "white", "black", "orange"];

#[rustfmt::skip]
pub const NOUNS: [&str; 13] = [
    "table", "chair", "house", "bbq", "desk", "car", "pony", "cookie", "sandwich", "burger", "pizza", "mouse", "keyboard",
];

#[rustfmt::skip]
pub const FIRST_NAMES: [&str; 30] = [
    "Ada", "Alan", "Barbara", "Brian", "Carol", "Claude", "Dennis", "Donald", "Edsger", "Edith", "Frances", "Grace", "Guido",
    "Hedy", "Ivan", "Jean", "John", "Katherine", "Ken", "Leslie", "Linus", "Margaret", "Niklaus", "Radia", "Rob", "Robin",
    "Shafi", "Sophie", "Tim", "Vint",
];

#[rustfmt::skip]
pub const LAST_NAMES: [&str; 32] = [
    "Allen", "Backus", "Berners-Lee", "Cerf", "Clarke", "Dijkstra", "Goldwasser", "Hamilton", "Hopper", "Johnson",
    "Kernighan", "Knuth", "Lamarr", "Lamport", "Liskov", "Lovelace", "McCarthy", "Milner", "O'Neil", "Perlman", "Pike",
    "Ritchie", "Rossum", "Sammet", "Shannon", "Stroustrup", "Sutherland", "Thompson", "Torvalds", "Turing", "Wilson",
    "Wirth",
];

#[rustfmt::skip]
const WORDS: [&str; 38] = [
    "the", "quick", "live", "view", "sends", "only", "what", "changed", "and", "the", "browser", "keeps", "its", "focus",
    "while", "a", "server", "holds", "the", "state", "of", "each", "component", "so", "that", "every", "event", "becomes",
    "one", "small", "patch", "on", "the", "wire", "instead", "of", "another", "page",
];
