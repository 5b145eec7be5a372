// Posts, votes, reads back and is refused, with one of three clients, each used as its manual says.
//
//   node publish.js dhive|dsteem|steem-js URL CHAIN_ID ALICE_POSTING_KEY BOB_POSTING_KEY
//
// Prints one JSON object: what was read back, and the error object of a refused second post.

const [, , name, url, chainId, aliceKey, bobKey] = process.argv;

const post = (permlink) => ({
  parent_author: "",
  parent_permlink: "taliban",
  author: "alice",
  permlink,
  title: `By ${name}`,
  body: "Tables, ünïcödé and 日本 🎉",
  json_metadata: JSON.stringify({ tags: ["taliban"], app: `${name}/1` }),
});
const vote = (permlink) => ({ voter: "bob", author: "alice", permlink, weight: 10000 });
const permlink = `by-${name}`;

const clients = {
  dhive() {
    const { Client, PrivateKey } = require("@hiveio/dhive");
    return likeDsteem(Client, PrivateKey, { chainId, addressPrefix: "STM" });
  },
  dsteem() {
    const { Client, PrivateKey } = require("dsteem");
    return likeDsteem(Client, PrivateKey, { chainId, addressPrefix: "STM" });
  },
  "steem-js"() {
    const steem = require("@steemit/steem-js").steem || require("@steemit/steem-js");
    // as against any steemd that no jussi stands in front of
    steem.api.setOptions({ url, address_prefix: "STM", chain_id: chainId, useAppbaseApi: true });
    steem.config.set("address_prefix", "STM");
    steem.config.set("chain_id", chainId);
    const send = (operations, key) =>
      steem.broadcast.sendAsync({ operations, extensions: [] }, [key]);
    return {
      post: (p) => send([["comment", post(p)]], aliceKey),
      vote: (p) => send([["vote", vote(p)]], bobKey),
      content: (p) => steem.api.getContentAsync("alice", p),
    };
  },
};

function likeDsteem(Client, PrivateKey, options) {
  const client = new Client(url, options);
  return {
    post: (p) => client.broadcast.comment(post(p), PrivateKey.fromString(aliceKey)),
    vote: (p) => client.broadcast.vote(vote(p), PrivateKey.fromString(bobKey)),
    content: (p) => client.database.call("get_content", ["alice", p]),
  };
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function main() {
  const client = clients[name]();
  await client.post(permlink);
  await pause(0.5);
  await client.vote(permlink);
  await pause(0.5);
  const content = await client.content(permlink);
  let refused = null;
  try {
    await client.post(`${permlink}-too-soon`);
  } catch (error) {
    const data = error.jse_info || error.data || (error.payload && error.payload.error.data) || {};
    refused = { message: error.message, code: data.code, name: data.name };
  }
  const { title, body, net_votes, pending_payout_value } = content;
  console.log(JSON.stringify({ title, body, net_votes, pending_payout_value, refused }));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
