use lazuli::html;

fn main() {
    let rows = [1];
    let _ = html! {
        @for row in rows { p { (row) } }
        @for row in rows key=row { p { (row) } }
        @else { "alone" }
        p { () }
        p { (1 2) }
        { "braces" }
    };
    let _ = html! { @if true "text" };
    let _ = html! { @match 1 { 1 => "text" } };
}
