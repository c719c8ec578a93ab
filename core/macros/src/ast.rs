//! What `html!` says, as it was written.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Pat, Stmt};

/// Anything that stands among the children of an element.
pub enum Node {
    Text(String, Span),
    /// `(expr)`
    Hole(TokenStream),
    Element(Element),
    /// `@if`, with a condition for each alternative but `@else`.
    If(Vec<(Expr, Vec<Node>)>, Option<Vec<Node>>),
    Match(Expr, Vec<Arm>),
    For(For),
    Let(Stmt),
    /// `@(expr)`
    Embed(TokenStream),
    /// `@raw(expr)`
    Raw(TokenStream, Span),
    /// `@component(expr)`, and what follows `uses=`.
    Component(TokenStream, Option<TokenStream>),
}

impl Node {
    /// What a structure can show.
    pub fn bodies(&self) -> Vec<&[Node]> {
        match self {
            Node::If(alternatives, otherwise) => {
                alternatives.iter().map(|(_, body)| body).chain(otherwise).map(Vec::as_slice).collect()
            }
            Node::Match(_, arms) => arms.iter().map(|arm| arm.body.as_slice()).collect(),
            Node::For(rows) => vec![&rows.body],
            _ => Vec::new(),
        }
    }
}

pub struct Arm {
    pub pattern: Pat,
    pub guard: Option<Expr>,
    pub body: Vec<Node>,
}

pub struct For {
    pub pattern: Pat,
    pub rows: Expr,
    pub key: TokenStream,
    pub body: Vec<Node>,
}

pub struct Element {
    pub name: Name,
    pub attributes: Vec<Attribute>,
    pub children: Vec<Node>,
    /// Whether it ended in `{ }`, not in `;`.
    pub braces: bool,
}

/// A name of HTML: several tokens, such as `data-id`.
#[derive(Clone)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

pub struct Attribute {
    pub name: Name,
    pub value: Value,
}

pub enum Value {
    /// No value.
    Bare,
    Literal(String, Span),
    Bool(bool),
    /// `(expr)`
    Hole(TokenStream),
    /// `{ … }` with a hole in it.
    Parts(Vec<Part>, Span),
    /// `@trusted(expr)`
    Trusted(TokenStream, Span),
}

/// A part of a text or an attribute with several.
#[derive(Clone)]
pub enum Part {
    Text(String),
    Hole(TokenStream),
}
