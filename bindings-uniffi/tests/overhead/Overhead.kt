// As examples/overhead.rs, through Kotlin, with a store in Kotlin.

package overhead

import java.io.File
import postseal.*

private class Store : CertStore {
    private val kept = HashMap<String, Entry>()

    private fun at(address: String) = kept[addressKey(address)] ?: Entry(address)

    override fun find(query: FindStored) = query.addresses.map(::at)

    override fun put(query: PutStored): PutOutcome {
        kept[addressKey(query.address)] = query.change.apply(at(query.address))
        return PutOutcome.Stored
    }

    override fun entries(tenant: String) = kept.values.toList()
}

private fun median(work: () -> Unit): Long {
    repeat(2000) { work() } // until it is compiled
    val times = List(300) {
        val start = System.nanoTime()
        work()
        (System.nanoTime() - start) / 1000
    }
    return times.sorted()[150]
}

fun main(arguments: Array<String>) {
    val folder = File(arguments[0])
    val (signed, plain) = listOf("large.eml", "large-plain.eml").map { File(folder, it).readBytes() }
    val engine = Engine.fromConfiguration("trust = [\"anchors.pem\"]\nimport = true", folder.path).withStore(Store())
    check(engine.importMail(signed, ImportContext()).outcome == ImportOutcome.IMPORTED)
    val import = median { engine.importMail(signed, ImportContext()) }
    val encrypt = median { engine.encrypt(plain, listOf("alice@goal.example"), listOf(), EncryptContext()) }
    println("$import $encrypt")
}
