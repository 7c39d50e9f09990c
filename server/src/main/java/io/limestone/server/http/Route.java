package io.limestone.server.http;

/**
 * One line of the table of routes.
 *
 * @param path segments split by {@code /}; {@code {name}} takes any one non-empty segment verbatim;
 *     {@code v{version}} stands for the API versions 2.x (verifier-api.md section 1)
 * @param alsoPlainHttp whether a listener without TLS answers it too
 */
public record Route(
    Method method, String path, Access access, boolean alsoPlainHttp, Handler handler) {

  /** A route that only TLS listeners answer. */
  public static Route of(Method method, String path, Access access, Handler handler) {
    return new Route(method, path, access, false, handler);
  }

  /** A route that is public and answered by plain listeners too. */
  public static Route open(Method method, String path, Handler handler) {
    return new Route(method, path, Access.PUBLIC, true, handler);
  }
}
