use lazuli::html;

fn main() {
    let _ = html! { p { "a" br } };
    let _ = html! { div class="a" };
    let _ = html! { div class= };
    let _ = html! { div { @ } };
}
