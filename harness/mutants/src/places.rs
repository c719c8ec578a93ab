//! Where in a source file mutants can be planted, found in its syntax.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ExprBinary, Pat, ReturnType, Signature, UnOp};

use crate::list::Genre;

/// How a mutant gets into the text.
#[derive(Clone, PartialEq, Debug)]
pub enum Place {
    /// A function's body: it returns early, at this byte.
    Body(usize),
    /// An arm: it gets a guard, at this byte.
    Arm(usize),
    /// An expression: it stands there twice, and one of the two has the change.
    Whole(Range<usize>),
    /// What stands there is no Rust if it is changed.
    Unviable,
    /// It cannot be chosen at run time; this is why.
    Apart(&'static str),
}

/// The places of one file.
#[derive(Default)]
pub struct Places {
    /// By what is changed, and the byte at which that begins.
    pub places: BTreeMap<(Genre, usize), Place>,
    /// The `const` before functions: without it they can have places.
    pub consts: Vec<Range<usize>>,
}

/// Finds them all. Functions of the names `kept` have to stay `const`.
pub fn places(file: &syn::File, kept: &BTreeSet<String>) -> Places {
    let mut finder = Finder { found: Places::default(), kept, constant: false };
    finder.visit_file(file);
    finder.found
}

struct Finder<'a> {
    found: Places,
    kept: &'a BTreeSet<String>,
    /// Whether what is visited is evaluated by the compiler.
    constant: bool,
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

impl Finder<'_> {
    fn add(&mut self, genre: Genre, at: usize, place: Place) {
        let place = if self.constant { Place::Apart("evaluated by the compiler") } else { place };
        self.found.places.insert((genre, at), place);
    }

    /// Visits what the compiler evaluates.
    fn constant(&mut self, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.constant, true);
        visit(self);
        self.constant = before;
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        let Some(first) = block.stmts.first() else { return };
        let place = match &signature.output {
            ReturnType::Type(_, output) if has_impl(output) => Place::Apart("returns a type without a name"),
            _ => Place::Body(range(&block.brace_token.span.open()).end),
        };
        let kept = signature.constness.is_some() && self.kept.contains(&signature.ident.to_string());
        if let Some(token) = &signature.constness
            && !kept
        {
            self.found.consts.push(range(token));
        }
        let before = std::mem::replace(&mut self.constant, kept);
        self.add(Genre::FnValue, range(first).start, place);
        self.visit_block(block);
        self.constant = before;
    }

    /// Operators that stand in one row. Which operand belongs to which depends on all of them, so they are one place.
    fn row(&mut self, node: &ExprBinary, whole: Option<&Range<usize>>) {
        let place = whole.map_or(Place::Unviable, |whole| Place::Whole(whole.clone()));
        self.add(Genre::BinaryOperator, range(&node.op).start, place);
        for side in [&*node.left, &*node.right] {
            match side {
                // Of conditions with `let`, the row is only what stands between two `&&`.
                Expr::Binary(inner) if whole.is_some() || matches!(inner.op, BinOp::And(_)) => self.row(inner, whole),
                _ => self.visit_expr(side),
            }
        }
    }
}

fn has_impl(output: &syn::Type) -> bool {
    struct Seen(bool);
    impl Visit<'_> for Seen {
        fn visit_type_impl_trait(&mut self, _: &syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut seen = Seen(false);
    seen.visit_type(output);
    seen.0
}

/// Whether it is a condition with `let`, in which only `&&` may stand.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(node) => has_let(&node.left) || has_let(&node.right),
        _ => false,
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_item_fn(&mut self, node: &'a syn::ItemFn) {
        self.function(&node.sig, &node.block);
    }

    fn visit_impl_item_fn(&mut self, node: &'a syn::ImplItemFn) {
        self.function(&node.sig, &node.block);
    }

    fn visit_trait_item_fn(&mut self, node: &'a syn::TraitItemFn) {
        if let Some(block) = &node.default {
            self.function(&node.sig, block);
        }
    }

    fn visit_expr_binary(&mut self, node: &'a ExprBinary) {
        let conditions = has_let(&node.left) || has_let(&node.right);
        self.row(node, (!conditions).then(|| range(node)).as_ref());
    }

    fn visit_expr_unary(&mut self, node: &'a syn::ExprUnary) {
        if matches!(node.op, UnOp::Not(_) | UnOp::Neg(_)) {
            self.add(Genre::UnaryOperator, range(&node.op).start, Place::Whole(range(node)));
        }
        visit::visit_expr_unary(self, node);
    }

    fn visit_expr_match(&mut self, node: &'a syn::ExprMatch) {
        // An arm can go if another takes whatever comes.
        let rest = node.arms.iter().any(|arm| matches!(arm.pat, Pat::Wild(_)));
        for arm in &node.arms {
            match &arm.pat {
                Pat::Guard(guarded) => {
                    let guard = range(&guarded.guard);
                    let place = match has_let(&guarded.guard) {
                        true => Place::Apart("a guard with `let`"),
                        false => Place::Whole(guard.clone()),
                    };
                    self.add(Genre::MatchArmGuard, guard.start, place);
                }
                pattern => {
                    let place = if rest { Place::Arm(range(pattern).end) } else { Place::Unviable };
                    self.add(Genre::MatchArm, range(arm).start, place);
                }
            }
        }
        visit::visit_expr_match(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'a syn::ExprStruct) {
        for field in &node.fields {
            self.add(Genre::StructField, range(field).start, Place::Whole(range(node)));
        }
        visit::visit_expr_struct(self, node);
    }

    fn visit_item_const(&mut self, node: &'a syn::ItemConst) {
        self.constant(|finder| visit::visit_item_const(finder, node));
    }

    fn visit_item_static(&mut self, node: &'a syn::ItemStatic) {
        self.constant(|finder| visit::visit_item_static(finder, node));
    }

    fn visit_impl_item_const(&mut self, node: &'a syn::ImplItemConst) {
        self.constant(|finder| visit::visit_impl_item_const(finder, node));
    }

    fn visit_trait_item_const(&mut self, node: &'a syn::TraitItemConst) {
        self.constant(|finder| visit::visit_trait_item_const(finder, node));
    }

    fn visit_expr_const(&mut self, node: &'a syn::ExprConst) {
        self.constant(|finder| visit::visit_expr_const(finder, node));
    }

    fn visit_variant(&mut self, node: &'a syn::Variant) {
        self.constant(|finder| visit::visit_variant(finder, node));
    }

    fn visit_type_array(&mut self, node: &'a syn::TypeArray) {
        self.constant(|finder| visit::visit_type_array(finder, node));
    }

    fn visit_expr_repeat(&mut self, node: &'a syn::ExprRepeat) {
        self.visit_expr(&node.expr);
        self.constant(|finder| finder.visit_expr(&node.len));
    }
}
