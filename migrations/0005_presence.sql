-- Who is connected to which room, and through which node. Worth nothing after a crash, therefore unlogged. A node renews
-- its lease; what a dead one left behind counts no more when the lease is over.

create unlogged table chat_nodes (
  id uuid primary key,
  lease_until timestamptz not null
);

create unlogged table chat_presence (
  party_id uuid not null,
  user_id uuid not null,
  node_id uuid not null,
  primary key (party_id, user_id, node_id)
);
create index chat_presence_node_idx on chat_presence (node_id);
