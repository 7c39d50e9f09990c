package io.limestone.server;

import io.limestone.server.http.Desk;
import io.limestone.server.http.HttpService;
import io.limestone.server.http.Method;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.store.Database;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.Collectors;

/** The management port: whether the server lives, whether it can work, and its numbers. */
record Management(Database database, HttpService http, List<Part> parts) {
  List<Route> routes() {
    return List.of(
        Route.open(Method.GET, "/health/live", request -> plain(200, "live\n")),
        Route.open(
            Method.GET,
            "/health/ready",
            request ->
                database.alive()
                    ? plain(200, "ready\n")
                    : plain(503, "the database does not answer\n")),
        Route.open(
            Method.GET,
            "/metrics",
            request -> Response.text(200, "text/plain; version=0.0.4; charset=utf-8", metrics())));
  }

  private String metrics() {
    Runtime runtime = Runtime.getRuntime();
    return "limestone_uptime_seconds "
        + ManagementFactory.getRuntimeMXBean().getUptime() / 1000
        + "\nlimestone_heap_used_bytes "
        + (runtime.totalMemory() - runtime.freeMemory())
        + "\n"
        + http.desks().stream().map(Desk::metrics).collect(Collectors.joining())
        + parts.stream().map(Part::metrics).collect(Collectors.joining());
  }

  private static Response plain(int status, String text) {
    return Response.text(status, "text/plain; charset=utf-8", text);
  }
}
