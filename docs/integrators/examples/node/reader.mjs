// Takes events from your queue with amqplib.
//
//   npm install amqplib
//   export STAFETT_URL='amqp://...' STAFETT_QUEUE='outside.granli.skolesystem'     # both from the operator
//   node reader.mjs

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { connect } from "amqplib";

// What was handled is kept, because events come at least once: a line for each, "number id". In your system, let it be
// the database that `handle` writes to, in one transaction with it.
const KEPT = process.env.HANDLED ?? "handled.txt";
const lines = existsSync(KEPT) ? readFileSync(KEPT, "utf8").split("\n").filter(Boolean) : [];
const ids = new Set(lines.map((line) => line.split(" ")[1]));
let highest = Math.max(0, ...lines.map((line) => Number(line.split(" ")[0])));

function handle(event) {
  console.log(JSON.stringify(event)); // pass over the types that you do not know
}

function take(event) {
  const number = event.recipientseq;
  if (!ids.has(event.id)) handle(event);
  appendFileSync(KEPT, `${number} ${event.id}\n`);
  ids.add(event.id);
  if (highest && number > highest + 1) console.error(`numbers ${highest + 1} to ${number - 1} have not come`);
  highest = Math.max(highest, number);
}

const connection = await connect(process.env.STAFETT_URL);
const channel = await connection.createChannel();
await channel.prefetch(20);
await channel.consume(process.env.STAFETT_QUEUE, (message) => {
  if (message === null) process.exit(1); // the queue is gone: the subscription has ended
  take(JSON.parse(message.content.toString()));
  channel.ack(message); // only now: what was not acknowledged comes again
});
connection.on("close", () => process.exit(1)); // let whoever started this start it again
