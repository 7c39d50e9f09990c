package io.limestone.server.http;

/**
 * Answers a request. Runs on a virtual thread of its own and may block; it is interrupted at the
 * request's deadline and when the client goes away.
 */
@FunctionalInterface
public interface Handler {
  /**
   * A {@link io.limestone.wire.MalformedException} is answered with 400 and its text; anything else
   * thrown is a defect: logged, and answered with 500.
   */
  Response handle(Request request) throws Exception;
}
