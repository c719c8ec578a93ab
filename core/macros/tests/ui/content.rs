use lazuli::html;

fn main() {
    let x = "x";
    let _ = html! {
        br { }
        img src="/x" { "text" }
        script { "alert(1)" }
        script { (x) }
        style { (x) }
        title { b { } }
        textarea { @if true { "text" } }
        p { "text" @raw(x) }
        template { (x) }
    };
}
