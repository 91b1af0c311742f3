import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf';
import {
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

const scalars = {
  string: Type.STRING,
  bytes: Type.BYTES,
  bool: Type.BOOL,
  int32: Type.INT32,
  int64: Type.INT64,
  uint32: Type.UINT32,
} as const;

/** Number, type (a scalar or a message of the table), and what else there is to say: a list, or the choice that it belongs to. */
type FieldSpec = readonly [number: number, type: string, more?: 'repeated' | { readonly oneOf: string }];

/**
 * The part of `envoy/service/auth/v3/external_auth.proto` and of what it imports that gates and authorizers say to each other. The
 * numbers are the protocol. Names of messages matter to nobody else, so all stand in one file; a map is the list of entries that
 * it is on the wire; an enumeration is its number. A field that is not here is skipped when it is read, as protobuf has it.
 */
const messages: Readonly<Record<string, Readonly<Record<string, FieldSpec>>>> = {
  CheckRequest: { attributes: [1, 'AttributeContext'] },
  AttributeContext: { source: [1, 'Peer'], destination: [2, 'Peer'], request: [4, 'Request'] },
  Peer: { address: [1, 'Address'], principal: [4, 'string'] },
  Address: { socket_address: [1, 'SocketAddress'] },
  SocketAddress: { address: [2, 'string'], port_value: [3, 'uint32', { oneOf: 'port_specifier' }] },
  Request: { time: [1, 'Timestamp'], http: [2, 'HttpRequest'] },
  Timestamp: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  HttpRequest: {
    id: [1, 'string'],
    method: [2, 'string'],
    headers: [3, 'Entry', 'repeated'],
    path: [4, 'string'],
    host: [5, 'string'],
    scheme: [6, 'string'],
    size: [9, 'int64'],
    protocol: [10, 'string'],
    body: [11, 'string'],
    raw_body: [12, 'bytes'],
  },
  Entry: { key: [1, 'string'], value: [2, 'string'] },
  CheckResponse: {
    status: [1, 'Status'],
    denied_response: [2, 'DeniedHttpResponse', { oneOf: 'http_response' }],
    ok_response: [3, 'OkHttpResponse', { oneOf: 'http_response' }],
  },
  Status: { code: [1, 'int32'] },
  DeniedHttpResponse: {
    status: [1, 'HttpStatus'],
    headers: [2, 'HeaderValueOption', 'repeated'],
    body: [3, 'string'],
  },
  HttpStatus: { code: [1, 'int32'] },
  OkHttpResponse: {
    headers: [2, 'HeaderValueOption', 'repeated'],
    headers_to_remove: [5, 'string', 'repeated'],
    response_headers_to_add: [6, 'HeaderValueOption', 'repeated'],
    query_parameters_to_set: [7, 'Entry', 'repeated'],
    query_parameters_to_remove: [8, 'string', 'repeated'],
  },
  HeaderValueOption: { header: [1, 'HeaderValue'], append: [2, 'BoolValue'], append_action: [3, 'int32'] },
  HeaderValue: { key: [1, 'string'], value: [2, 'string'], raw_value: [3, 'bytes'] },
  BoolValue: { value: [1, 'bool'] },
};

const file = 'ext_authz.proto';
const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: file,
    package: 'ext_authz',
    syntax: 'proto3',
    messageType: Object.entries(messages).map(([name, fields]) => messageOf(name, fields)),
  }),
  () => undefined,
);

/** `envoy.service.auth.v3.CheckRequest`. */
export const checkRequestSchema = schemaOf('CheckRequest');
/** `envoy.service.auth.v3.CheckResponse`. */
export const checkResponseSchema = schemaOf('CheckResponse');

function schemaOf(name: string): DescMessage {
  const schema = registry.getMessage(`ext_authz.${name}`);
  if (schema === undefined) throw new Error(`message \`${name}\` is not declared`);
  return schema;
}

function messageOf(name: string, fields: Readonly<Record<string, FieldSpec>>) {
  const choices = [...new Set(Object.values(fields).flatMap(([, , more]) => (typeof more === 'object' ? [more.oneOf] : [])))];
  return create(DescriptorProtoSchema, {
    name,
    field: Object.entries(fields).map(([field, spec]) => fieldOf(field, spec, choices)),
    oneofDecl: choices.map((choice) => ({ name: choice })),
  });
}

function fieldOf(name: string, [number, type, more]: FieldSpec, choices: readonly string[]): FieldDescriptorProto {
  const scalar = Object.hasOwn(scalars, type) ? scalars[type as keyof typeof scalars] : undefined;
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    label: more === 'repeated' ? Label.REPEATED : Label.OPTIONAL,
    ...(scalar === undefined ? { type: Type.MESSAGE, typeName: `.ext_authz.${type}` } : { type: scalar }),
    ...(typeof more === 'object' ? { oneofIndex: choices.indexOf(more.oneOf) } : {}),
  });
}
