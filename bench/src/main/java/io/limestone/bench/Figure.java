package io.limestone.bench;

import io.limestone.wire.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One figure.
 *
 * @param varied what distinguishes it from other figures of the same benchmark, such as {@code
 *     peer=keylime} or {@code key=RSA2048}
 */
public record Figure(String benchmark, double value, String unit, Map<String, String> varied) {
  public Figure {
    varied = Map.copyOf(new LinkedHashMap<>(varied));
  }

  /** One line of JSON, three significant digits or more. */
  public String line() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("benchmark", benchmark);
    members.put("value", rounded());
    members.put("unit", unit);
    varied.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> members.put(e.getKey(), e.getValue()));
    return Json.text(members);
  }

  private double rounded() {
    double scale = Math.abs(value) >= 100 ? 1 : 100;
    return Math.round(value * scale) / scale;
  }
}
