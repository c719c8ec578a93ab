use lazuli::html;

fn main() {
    let (x, rows) = (true, [1]);
    let _ = html! {
        p { "a block in a paragraph: " div { } }
        p { @if x { span { ul { } } } }
        table { tr { td { "no tbody" } } }
        table { tbody { "text" @for row in rows key=(row) { tr { (row) } } } }
        ul { li { li { } } }
        a href="/" { b { a href="/b" { } } }
        form { div { form { } } }
        button { button { } }
        h1 { h2 { } }
        select { div { } }
    };
    let _ = html! { tr { td { } } div { } };
}
