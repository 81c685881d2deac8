// The script that the QuickJS guest and its native build both run.
"use strict";
let failed = 0;
function check(name, got, want) {
	if (got !== want) {
		failed++;
		print("FAIL", name, got, want);
	}
}
check("closures", [1, 2, 3].map(x => () => x * x).map(f => f()).join(), "1,4,9");
check("spread", Math.max(...[3, 9, 4]), 9);
check("generator", [...(function* () { yield 1; yield* [2, 3]; })()].join(""), "123");
check("regexp", "2026-11-22".replace(/(\d+)-(\d+)-(\d+)/, "$3.$2.$1"), "22.11.2026");
check("named groups", /(?<y>\d{4})/.exec("in 1999").groups.y, "1999");
check("bigint", (2n ** 100n).toString(), "1267650600228229401496703205376");
check("float", (0.1 + 0.2).toString(), "0.30000000000000004");
check("parse", parseFloat("1e-7") * 1e7, 1);
check("map", [...new Map([["a", 1], ["b", 2]]).entries()].join("|"), "a,1|b,2");
check("json", JSON.stringify(JSON.parse('{"a":[1,{"b":null}],"c":"\\u00e9"}')), '{"a":[1,{"b":null}],"c":"\u00e9"}');
check("proxy", new Proxy({}, { get: (t, k) => k + "!" }).x, "x!");
check("typed", new Float32Array([1.1])[0] === Math.fround(1.1), true);
check("sort", [5, 1, 4].sort().join(), "1,4,5");
check("date", new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
let caught = "";
try { null.x; } catch (e) { caught = e instanceof TypeError ? "type" : "other"; } finally { caught += "+finally"; }
check("exceptions", caught, "type+finally");
let depth = 0;
try { (function f() { depth++; if (depth < 500) f(); else throw new RangeError("deep"); })(); } catch (e) { check("unwind", e.message, "deep"); }
Promise.resolve(20).then(x => x + 1).then(x => check("promises", x, 21)).then(() => print(failed ? "failed" : "all passed", scriptArgs.slice(1).join("+")));
