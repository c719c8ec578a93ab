use lazuli::html;

fn main() {
    let x = 1;
    let _ = html! {
        dvi { "a typo" }
        widget { "a custom element has a hyphen" }
        svg { cirlce r=(x); section { "HTML in SVG" } }
        @fro x { "no such word" }
        @while x { "no such word either" }
        div { html { head { } body { } } }
    };
    let _ = html! { html { body { "no head" } } };
}
