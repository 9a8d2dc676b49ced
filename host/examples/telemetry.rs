//! Publishes readings over a connection that is made anew when it is lost, and says what became of
//! them.
//!
//! ```console
//! $ cargo run --package wasocket --example telemetry -- ws://localhost:8080/ 100
//! ```

use wasocket::reconnect::{Event, OnLoss, Policy, Reconnect, Reconnecting};
use wasocket::{Grants, Runtime};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("where to? Give a URL")?;
    let count = arguments.next().map_or(Ok(10), |count| count.parse())?;
    // Whoever runs this program chooses where it connects. A program that chooses by itself grants
    // that host and port, and no other.
    let runtime = Runtime::builder()
        .grants(Grants::new().everything())
        .build()?;
    let connection = Reconnect::new(&runtime, url).policy(policy()).start();
    let delivered = publish(connection, count).await?;
    println!("{delivered} of {count} readings are delivered");
    Ok(())
}

/// Readings have numbers, so that one that arrives twice does no harm: whatever may not have arrived
/// is sent again.
pub(crate) fn policy() -> Policy {
    Policy::new().max_attempts(10).maybe_sent(OnLoss::Resend)
}

/// Publishes so many readings; returns how many are delivered.
pub(crate) async fn publish(
    mut connection: Reconnecting,
    count: usize,
) -> Result<usize, Box<dyn std::error::Error>> {
    let sender = connection.sender();
    let publisher = tokio::spawn(async move {
        let mut receipts = Vec::new();
        for number in 0..count {
            // Waits for room while there is no connection. There is an error once there will be
            // none, which the events tell.
            let Ok(receipt) = sender.send(format!("reading {number}")).await else {
                break;
            };
            receipts.push(receipt);
        }
        let mut delivered = 0;
        for receipt in receipts {
            match receipt.await {
                Ok(()) => delivered += 1,
                Err(told) => eprintln!("{told}"),
            }
        }
        // It has ended already if a cause was final, or a limit reached.
        let _ = sender.close(1000, "that was all").await;
        delivered
    });
    while let Some(event) = connection.event().await {
        match event {
            Event::Open(_) => println!("open"),
            Event::Message(message) => println!("{message:?}"),
            Event::Disconnected(lost) => {
                eprintln!("attempt {}: {}", lost.attempt, lost.cause);
                if let Some(delay) = lost.retry_in {
                    eprintln!("again in {delay:?}");
                }
            }
            Event::Undelivered(returned) => eprintln!("returned: {:?}", returned.message),
            Event::Ended(end) => println!("{end:?}"),
            _ => {}
        }
    }
    Ok(publisher.await?)
}
