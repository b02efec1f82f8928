"""Thirty postings that are told apart by what they mean, not by the words a search would use."""

from datetime import datetime, timedelta, timezone

_ROWS = """\
Registered Nurse | Aga Khan Hospital | Nairobi | 90000 | linkedin | Cares for patients on a surgical ward: medication rounds, wound dressing, night shifts.
Midwife | Pumwani Maternity | Nairobi | 70000 | brightermonday | Assists mothers through labour and delivery, and examines newborns.
Dental Surgeon | Smile Clinic | Mombasa | 180000 | linkedin | Extracts teeth, fills cavities and fits crowns.
Veterinary Officer | County Government of Nakuru | Nakuru | 85000 | jobwebkenya | Vaccinates cattle and goats, and advises herders on animal diseases.
Backend Engineer | Savanna Pay | Nairobi | 250000 | linkedin | Builds payment services in Go and PostgreSQL, with on-call duty for the production system.
Data Engineer | Savanna Analytics | Nairobi | 230000 | linkedin | Writes Python pipelines with Airflow and Spark that load a cloud data warehouse.
Mobile Developer | Tembo Apps | Kisumu | 160000 | brightermonday | Makes Android apps in Kotlin for farmers with cheap telephones.
IT Support Technician | Mount Kenya University | Thika | 45000 | jobwebkenya | Repairs laptops and printers, resets passwords, answers the help desk.
Network Administrator | Lake Basin Fibre | Kisumu | 120000 | linkedin | Configures routers and switches, and watches over the fibre backbone.
Mathematics Teacher | Alliance High School | Kikuyu | 55000 | brightermonday | Teaches algebra and geometry to forms three and four, and marks examinations.
Kindergarten Teacher | Little Lions | Nairobi | 30000 | jobwebkenya | Sings, paints and plays with children of three to five years.
Swimming Coach | Aquatic Centre | Mombasa | 40000 | brightermonday | Trains young swimmers for the national championships.
Chef de Partie | Serena Hotel | Mombasa | 60000 | linkedin | Runs the sauce section of a busy hotel kitchen.
Pastry Chef | Mama Oven | Nairobi | 50000 | brightermonday | Bakes croissants, wedding cakes and bread before dawn.
Barista | Java Corner | Nairobi | 25000 | brightermonday | Pulls espresso, steams milk and greets the morning queue.
Long-distance Truck Driver | Coral Logistics | Mombasa | 48000 | jobwebkenya | Hauls containers from the port to Kampala and Kigali.
Motorcycle Courier | Haraka Deliveries | Nairobi | 28000 | brightermonday | Rides parcels and documents across the city in traffic.
Airline Pilot | Safari Wings | Nairobi | 600000 | linkedin | Flies turboprop aircraft to airstrips in the national parks.
Accountant | Baobab Bank | Nairobi | 110000 | linkedin | Closes the books each month, reconciles ledgers and prepares tax returns.
Loan Officer | Umoja Sacco | Eldoret | 65000 | brightermonday | Judges the credit of small traders and visits them when they fall behind.
Human Resources Manager | Acacia Foods | Nairobi | 190000 | linkedin | Hires and trains staff, and settles disputes between employees.
Criminal Defence Lawyer | Wanjiku Advocates | Nairobi | 210000 | linkedin | Represents the accused in the magistrates' courts.
Journalist | The Rift Courier | Eldoret | 75000 | jobwebkenya | Reports on county politics, interviews officials and writes for the daily paper.
Graphic Designer | Jua Studio | Nairobi | 80000 | brightermonday | Draws logos, posters and packaging in Illustrator.
Electrician | Umeme Contractors | Nakuru | 52000 | jobwebkenya | Wires new houses and repairs faulty sockets and fuse boxes.
Solar Panel Installer | Sunrise Energy | Garissa | 47000 | jobwebkenya | Mounts photovoltaic modules and batteries on village roofs.
Mason | Simba Builders | Thika | 35000 | jobwebkenya | Lays bricks and stone, and plasters walls on building sites.
Tea Farm Supervisor | Kericho Highlands | Kericho | 58000 | jobwebkenya | Organises the pluckers, weighs the leaf and plans the pruning.
Security Guard | Simba Security | Nairobi | 27000 | brightermonday | Patrols a shopping mall at night and checks visitors at the gate.
Wildlife Ranger | Mara Conservancy | Narok | 50000 | jobwebkenya | Tracks poachers and protects elephants and rhinos in the reserve.
"""

_EPOCH = datetime(2026, 1, 1, 6, tzinfo=timezone.utc)


def _posting(number, row):
    title, company, location, salary, source, description = (cell.strip() for cell in row.split("|"))
    return {
        "title": title, "company": company, "location": location, "source": source, "description": description,
        "salary_min": int(salary), "salary_max": int(salary) * 1.5,
        "posted_at": (_EPOCH + timedelta(days=number)).isoformat().replace("+00:00", "Z"),
        "url": f"https://jobs.example/postings/{number}",
    }


POSTINGS = [_posting(number, row) for number, row in enumerate(_ROWS.splitlines())]

# What a person might type, and the title of the posting that is meant. Most share no word with it.
QUERIES = {
    "looking after sick people": "Registered Nurse",
    "helping women give birth": "Midwife",
    "work with cows and livestock health": "Veterinary Officer",
    "ETL and big data jobs in python": "Data Engineer",
    "fixing computers": "IT Support Technician",
    "preschool": "Kindergarten Teacher",
    "making bread and cakes": "Pastry Chef",
    "coffee shop": "Barista",
    "hauling freight from the harbour on a lorry": "Long-distance Truck Driver",
    "fly planes": "Airline Pilot",
    "bookkeeping and taxation": "Accountant",
    "recruiting people": "Human Resources Manager",
    "attorney in court": "Criminal Defence Lawyer",
    "newspaper reporter": "Journalist",
    "photovoltaic power for villages": "Solar Panel Installer",
    "protecting animals from hunters": "Wildlife Ranger",
}
