use lazuli::html;

fn main() {
    let x = "x";
    let _ = html! {
        button onclick="save()" { }
        button on:click { }
        input on:keydown.entr="save";
        input on:input.enter="save";
        p style="color: red" { }
        p id="a" title="b" id="c" { }
        p class:a=(true) class:a=(false) { }
        p class:a { }
        a href="javascript:alert(1)" { }
        a href={(x) "/y"} { }
        p title=@trusted(x) { }
        iframe srcdoc=(x) { }
        p title=x { }
        p Title="x" { }
    };
}
