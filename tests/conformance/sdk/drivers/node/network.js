// Finds api.weixin.qq.com where the test serves it. The SDK connects, and believes the certificate, as it always does.
'use strict';

const dns = require('dns');
const net = require('net');

const HOST = 'api.weixin.qq.com';
const PORTS = { 443: Number(process.env.KEFU_HTTPS), 80: Number(process.env.KEFU_HTTP) };

function here(_host, options, found) {
  const address = { address: '127.0.0.1', family: 4 };
  process.nextTick(() => (options.all ? found(null, [address]) : found(null, address.address, address.family)));
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  if (options && options.host === HOST) {
    options.lookup = here;
    options.port = PORTS[options.port] ?? options.port;
  }
  return connect.apply(this, given);
};

const lookup = dns.lookup;
dns.lookup = (host, options, found) => (host === HOST ? here(host, options, found) : lookup(host, options, found));
