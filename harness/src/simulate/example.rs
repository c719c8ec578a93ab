use lazuli::{Channel, Context, Result, Routes, route::PatternError};
use lazuli_harness::simulate::{Client, assert_one_order, simulate};

struct Chat;
impl Channel for Chat {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join("lobby");
        Ok(())
    }
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room("lobby").text(text);
        Ok(())
    }
}

fn app() -> Result<Routes, PatternError> {
    let mut routes = Routes::new();
    routes.channel("/chat", |_| Ok(Chat))?;
    Ok(routes)
}

simulate(app, |world| {
    let clients: Vec<Client> = (0..5).map(|_| world.client("/chat")).collect();
    for n in 0..50 {
        world.pick(&clients).send(&format!("message {n}"));
        world.run_a_while();
    }
    world.settle();
    assert_one_order(&clients.iter().map(Client::sent_messages).collect::<Vec<_>>());
    assert_eq!(world.count("lobby"), clients.len(), "who is gone has left the room");
});
