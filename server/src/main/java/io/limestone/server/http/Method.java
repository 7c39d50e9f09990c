package io.limestone.server.http;

/** The methods that routes may have. */
public enum Method {
  GET,
  POST,
  PUT,
  PATCH,
  DELETE
}
