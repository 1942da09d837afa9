// SPDX-License-Identifier: Apache-2.0
/*
 * An SMSC made of node-smpp, which shares no code with isango. It answers binds, submits, enquire_link and unbind, and
 * does nothing else by itself. Orders are JSON lines on standard input, what arrives is told as JSON lines on standard
 * output, as is the port once it listens. Octets are hexadecimal.
 *
 * usage: node smsc.js SYSTEM_ID PASSWORD [KEY CERTIFICATE KEYLOG]       TLS with the last three
 *
 *   {"do":"ussd","from":..,"code":..,"session":7,"sequence":0,"op":1,"end":false,"text":..}
 *   {"do":"receipt","id":..,"stat":"DELIVRD","state":2,"from":..,"to":..,"form":"text"|"tlv"|"both"}
 *   {"do":"sms","from":..,"to":..,"text":..,"udh":"050003.."}     UCS-2 where the text needs it
 *   {"do":"answer","status":88,"times":3,"delay_ms":0}            how the next submits are answered
 *   {"do":"enquire"}  {"do":"unbind"}  {"do":"drop"}
 *
 * node-smpp is looked for in the folder that NODE_PATH names.
 */
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const [systemId, password, key, certificate, keylog] = process.argv.slice(2);
const sessions = [];                    // bound, the newest last
let answers = { times: 0 }, ids = 0, log = null;

function say(fields) {
	fs.writeSync(1, JSON.stringify(fields) + '\n');
}

function plain(value) {
	if (Buffer.isBuffer(value))
		return value.toString('hex');
	if (value && typeof value === 'object' && 'message' in value)
		return plain(value.message);
	return value;
}

function fieldsOf(pdu) {
	const fields = { pdu: pdu.command, length: pdu.command_length };

	for (const name of Object.keys(pdu))
		if (!['command', 'command_length', 'password', 'short_message'].includes(name))
			fields[name] = plain(pdu[name]);
	if (pdu.short_message !== undefined)
		fields.text = pdu.short_message.message;
	if (pdu.short_message && pdu.short_message.udh)
		fields.udh = [].concat(pdu.short_message.udh).map((one) => one.toString('hex')).join('');
	return fields;
}

function onBind(session, pdu) {
	const good = pdu.system_id === systemId && pdu.password === password;

	say({ ...fieldsOf(pdu), good, encrypted: Boolean(session.socket.encrypted) });
	session.send(pdu.response({ command_status: good ? 0 : smpp.ESME_RINVPASWD, system_id: 'node' }));
	if (good)
		sessions.push(session);
}

function onSubmit(session, pdu) {
	const how = answers.times > 0 ? answers : { status: 0 };
	const id = how.status ? '' : String(++ids).padStart(10, '0');

	answers.times--;
	say({ ...fieldsOf(pdu), id, status: how.status || 0 });
	setTimeout(() => session.send(pdu.response({ command_status: how.status || 0, message_id: id })), how.delay_ms || 0);
}

function onSession(session) {
	session.on('error', (error) => say({ pdu: 'error', why: String(error.message) }));
	session.on('close', () => {
		if (sessions.includes(session))
			sessions.splice(sessions.indexOf(session), 1);
		say({ pdu: 'closed' });
	});
	for (const mode of ['bind_transceiver', 'bind_transmitter', 'bind_receiver'])
		session.on(mode, (pdu) => onBind(session, pdu));
	session.on('submit_sm', (pdu) => onSubmit(session, pdu));
	session.on('data_sm', (pdu) => onSubmit(session, pdu));
	session.on('enquire_link', (pdu) => {
		say(fieldsOf(pdu));
		session.send(pdu.response());
	});
	session.on('unbind', (pdu) => {
		say(fieldsOf(pdu));
		session.send(pdu.response());
		session.close();
	});
	session.on('pdu', (pdu) => {
		if (pdu.isResponse())
			say(fieldsOf(pdu));
	});
}

function deliver(fields) {
	const session = sessions[sessions.length - 1];

	if (!session)
		return say({ pdu: 'no link' });
	session.deliver_sm({ source_addr_ton: 1, source_addr_npi: 1, dest_addr_ton: 1, dest_addr_npi: 1, ...fields });
	say({ pdu: 'delivered', sequence_number: session.sequence });
}

function receipt(o) {
	const text = `id:${o.id} sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 stat:${o.stat} err:000 text:`;
	const fields = { source_addr: o.from, destination_addr: o.to, esm_class: 4 };

	fields.short_message = o.form === 'tlv' ? '' : text;
	if (o.form !== 'text')
		Object.assign(fields, { receipted_message_id: o.id, message_state: o.state });
	deliver(fields);
}

const orders = {
	ussd: (o) => deliver({ service_type: 'USSD', source_addr: o.from, destination_addr: o.code, short_message: o.text,
		ussd_service_op: o.op, its_session_info: Buffer.from([o.session, o.sequence << 1 | (o.end ? 1 : 0)]) }),
	receipt,
	sms: (o) => deliver({ source_addr: o.from, destination_addr: o.to, esm_class: o.udh ? 0x40 : 0,
		short_message: o.udh ? { udh: Buffer.from(o.udh, 'hex'), message: o.text } : { message: o.text } }),
	answer: (o) => { answers = { ...o }; },
	enquire: () => sessions[sessions.length - 1].enquire_link(),
	unbind: () => sessions[sessions.length - 1].unbind(function () { this.close(); }.bind(sessions[sessions.length - 1])),
	drop: () => sessions[sessions.length - 1].destroy(),
};

const options = key ? { key: fs.readFileSync(key), cert: fs.readFileSync(certificate) } : {};
const server = smpp.createServer(options, onSession);

if (key) {
	log = fs.openSync(keylog, 'a', 0o600);
	server.on('keylog', (line) => fs.writeSync(log, line));
	server.on('tlsClientError', (error) => say({ pdu: 'tls error', why: String(error.message) }));
}
server.listen(0, '127.0.0.1', () => say({ pdu: 'port', port: server.address().port }));
readline.createInterface({ input: process.stdin })
	.on('line', (line) => {
		const order = JSON.parse(line);
		orders[order.do](order);
	})
	.on('close', () => process.exit(0));
