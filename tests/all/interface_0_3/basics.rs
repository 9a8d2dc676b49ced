use integration_tests::Echo;
use integration_tests::guest_0_3::{run_guest, types};
use types::Message;

#[test]
fn text_and_binary_come_back() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        for message in [
            Message::Text("hello".to_owned()),
            Message::Text(String::new()),
            Message::Binary(vec![0, 255]),
            Message::Binary(Vec::new()),
            Message::Binary(vec![7; 1 << 20]),
        ] {
            assert_eq!(guest.send_message(websocket, message.clone()).await, Ok(()));
            assert_eq!(guest.receive(websocket).await, Ok(Some(message)));
        }
        let closed = guest
            .close(websocket, None, None)
            .await
            .expect("a close code");
        assert_eq!((closed.code, closed.was_clean), (1000, true));
        assert_eq!(guest.receive(websocket).await, Ok(None));
    });
}
